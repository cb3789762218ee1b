//! Ranks, here as threads with channels between them: any number of them computes what one alone does, to the bit, and
//! what goes wrong on one ends all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use proptest::prelude::*;
use serde_json::{Value, json};
use train::prelude::*;
use train::{Link, Ranks, TextModel};

/// A rank of a thread.
struct Channels {
    rank: usize,
    to: Vec<Sender<Vec<u8>>>,
    from: Vec<Receiver<Vec<u8>>>,
}

impl Link for Channels {
    fn rank(&self) -> usize {
        self.rank
    }

    fn count(&self) -> usize {
        self.to.len()
    }

    fn send(&mut self, to: usize, message: &[u8]) {
        self.to[to].send(message.to_vec()).unwrap();
    }

    fn receive(&mut self, from: usize) -> Vec<u8> {
        self.from[from].recv().unwrap()
    }

    fn broadcast(&mut self, from: usize, message: &mut Vec<u8>) {
        match from == self.rank {
            true => (0..self.count())
                .filter(|&to| to != from)
                .for_each(|to| self.send(to, message)),
            false => *message = self.receive(from),
        }
    }
}

/// What each of so many ranks gives.
fn on_ranks<R: Send>(count: usize, f: impl Fn(Ranks) -> R + Sync) -> Vec<R> {
    let mut links: Vec<_> = (0..count)
        .map(|rank| Channels {
            rank,
            to: Vec::new(),
            from: Vec::new(),
        })
        .collect();
    for from in 0..count {
        for to in 0..count {
            let (sender, receiver) = channel();
            links[from].to.push(sender);
            links[to].from.push(receiver);
        }
    }
    thread::scope(|scope| {
        let start = |link| scope.spawn(|| f(Ranks::linked(link)));
        let started: Vec<_> = links.into_iter().map(start).collect();
        started
            .into_iter()
            .map(|rank| rank.join().unwrap())
            .collect()
    })
}

const CLASSES: usize = 7;

struct Model {
    set: ParameterSet,
    words: Embedding,
    output: Linear,
}

/// A model whose parameters are others for each seed.
fn model(is_sparse: bool, seed: u64) -> Model {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
    let words = Embedding::new(&mut set, "words", CLASSES, 3, &mut rng);
    let output = Linear::new(&mut set, "output", 3, 2, &mut rng);
    let words = match is_sparse {
        true => words.sparse(&mut set),
        false => words,
    };
    Model { set, words, output }
}

impl Model {
    fn loss<'t>(words: &Embedding, output: &Linear, p: &Bound<'t>, part: &[usize]) -> Var<'t> {
        let y = output.apply(p, words.apply(p, part)).tanh();
        (y.square().sum() + y.sum()).named("E")
    }
}

/// A number of parts at once, and the parts of the mini-batch of each step.
type Steps = (usize, Vec<Vec<Vec<usize>>>);

fn steps() -> impl Strategy<Value = Steps> {
    let part = proptest::collection::vec(0..CLASSES, 1..4);
    let parts = proptest::collection::vec(part, 1..7);
    (1..4_usize, proptest::collection::vec(parts, 1..4))
}

/// The bits of all tensors after these steps, and of each step's loss and norm and the loss of an evaluation.
fn trained(ranks: &Ranks, is_sparse: bool, (at_once, steps): &Steps) -> (Vec<Vec<u32>>, Vec<u64>) {
    // The first has the parameters that all begin with.
    let Model { set, words, output } = model(is_sparse, 1 + ranks.rank() as u64);
    let trainer = Trainer::new(set, Adam::new(0.1)).clip(0.5);
    let mut trainer = trainer.at_once(*at_once).over(ranks);
    let mut told = Vec::new();
    for parts in steps {
        let evaluated = trainer.evaluate_in_parts(&mut parts.clone(), |p, part| {
            Model::loss(&words, &output, p, part)
        });
        let report = trainer
            .step_in_parts(&mut parts.clone(), |p, part| {
                Model::loss(&words, &output, p, part)
            })
            .unwrap();
        told.extend([report.loss, report.gradient_norm, evaluated].map(f64::to_bits));
    }
    let tensors = trainer.checkpoint(json!({})).tensors;
    let bits = |(_, m): &(String, Matrix)| m.data().iter().map(|x| x.to_bits()).collect();
    (tensors.iter().map(bits).collect(), told)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_number_of_ranks_gives_the_same_bits(
        steps in steps(),
        count in 2..6_usize,
        is_sparse in any::<bool>(),
    ) {
        let alone = trained(&Ranks::alone(), is_sparse, &steps);
        for of_rank in on_ranks(count, |ranks| trained(&ranks, is_sparse, &steps)) {
            prop_assert_eq!(&of_rank, &alone);
        }
    }

    #[test]
    fn all_parts_are_computed_and_each_once(parts in 0..20_usize, count in 1..7_usize) {
        let shares = on_ranks(count, |ranks| ranks.share(parts));
        let lens = shares.iter().map(ExactSizeIterator::len);
        prop_assert!(lens.clone().max().unwrap() - lens.min().unwrap() <= 1);
        let all: Vec<_> = shares.into_iter().flatten().collect();
        prop_assert_eq!(all, (0..parts).collect::<Vec<_>>());
    }
}

const TEXT: &str = "the cat sat on the mat, the dog ran to the cat\n";

/// A run over streams with all that is carried, drawn and measured, up to so many epochs; and its file.
fn run(ranks: &Ranks, folder: &Path, epochs: u64, resumes: bool) -> Result<Ended, FitError> {
    let text = TEXT.repeat(12);
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
    let vocabulary = Vocabulary::new(&text);
    let model = TextModel::new(&mut set, vocabulary, CellKind::Lstm, 6, 1, &mut rng).unwrap();
    let model = model.with_dropout(0.2);
    let symbols = model.vocabulary.encode(&text).unwrap();
    let (mut training, mut validation) = model.streams(&symbols, 6, 5, 5).unwrap();
    let mut trainer = Trainer::new(set, Adam::new(0.02)).clip(1.0).over(ranks);
    let file = folder.join("run.safetensors");
    let mut fit = Fit::new(epochs)
        .silent()
        .average(0.9)
        .early_stopping(3)
        .save(&file)
        .save_every(4);
    if resumes {
        let checkpoint = Checkpoint::load(&file).unwrap();
        fit.restore(&checkpoint, &mut trainer, &mut training)
            .unwrap();
    }
    // It is stopped in the middle of the third epoch.
    let (stop, calls) = (AtomicBool::new(false), AtomicUsize::new(0));
    let until = 40 * ranks.share(5).len();
    let mut fit = fit.stop_when(&stop);
    fit.run_and_validate(
        &mut trainer,
        &mut training,
        &mut validation,
        |p, stretch, measures| {
            measures.add("symbols", stretch.targets.len() as f64, 1.0);
            measures.add("infinite", f64::INFINITY, 1.0);
            if !resumes && p.noise().is_some() && calls.fetch_add(1, Relaxed) + 1 == until {
                stop.store(true, Relaxed);
            }
            model.loss(p, stretch)
        },
    )
}

/// All that a file says, but how long it took.
fn content(folder: &Path) -> (Vec<(String, Matrix)>, Value) {
    fn without_seconds(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("seconds");
                fields.values_mut().for_each(without_seconds);
            }
            Value::Array(values) => values.iter_mut().for_each(without_seconds),
            _ => {}
        }
    }
    let mut checkpoint = Checkpoint::load(folder.join("run.safetensors")).unwrap();
    without_seconds(&mut checkpoint.metadata);
    (checkpoint.tensors, checkpoint.metadata)
}

#[test]
fn a_run_is_saved_and_resumed_on_any_number_of_ranks() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [alone, three, resumed] = folders.each_ref().map(tempfile::TempDir::path);
    assert_eq!(
        run(&Ranks::alone(), alone, 6, false).unwrap(),
        Ended::Stopped
    );
    for ended in on_ranks(3, |ranks| run(&ranks, three, 6, false)) {
        assert_eq!(ended.unwrap(), Ended::Stopped);
    }
    let stopped = content(alone);
    assert!(
        stopped.1["fit"]["batches"].as_u64() > Some(0),
        "{}",
        stopped.1["fit"]
    );
    assert!(content(three) == stopped);

    std::fs::copy(
        alone.join("run.safetensors"),
        resumed.join("run.safetensors"),
    )
    .unwrap();
    run(&Ranks::alone(), alone, 6, true).unwrap();
    for folder in [three, resumed] {
        let count = if folder == three { 2 } else { 7 };
        on_ranks(count, |ranks| run(&ranks, folder, 6, true).unwrap());
        assert!(content(folder) == content(alone));
    }
    assert!(content(alone) != stopped);
}

/// A step in which one part has no finite loss.
fn poisoned(ranks: &Ranks, bad: usize) -> (String, bool) {
    let Model { set, words, output } = model(false, 1);
    let mut trainer = Trainer::new(set, Sgd::new(0.1)).over(ranks);
    let before = trainer.checkpoint(json!({})).tensors;
    let mut parts: Vec<usize> = (0..5).collect();
    let outcome = trainer.step_in_parts(&mut parts, |p, part| {
        let loss = Model::loss(&words, &output, p, &[*part]);
        if *part == bad { loss * f32::NAN } else { loss }
    });
    let is_unchanged = trainer.checkpoint(json!({})).tensors == before;
    (outcome.unwrap_err().to_string(), is_unchanged)
}

#[test]
fn a_loss_that_is_not_finite_is_told_on_all_ranks() {
    for (bad, rank) in [(0, 0), (2, 1), (4, 2)] {
        let told = on_ranks(3, |ranks| poisoned(&ranks, bad));
        for (other, (message, is_unchanged)) in told.into_iter().enumerate() {
            assert!(is_unchanged);
            let expected = "the loss is NaN: the first value that is not finite is";
            let expected = match other == rank {
                true => expected.to_string(),
                false => format!("rank {rank}: {expected}"),
            };
            assert!(message.starts_with(&expected), "{message}");
        }
    }
}

#[test]
fn what_depends_on_no_parameter_is_told_if_it_is_so_of_all_parts() {
    let step = |ranks: Ranks, severed: &[usize]| {
        let Model { set, words, output } = model(false, 1);
        let mut trainer = Trainer::new(set, Sgd::new(0.1)).over(&ranks);
        let outcome = trainer.step_in_parts(&mut [0, 1, 2], |p, part| {
            let loss = Model::loss(&words, &output, p, &[*part]);
            if severed.contains(part) {
                loss.detach()
            } else {
                loss
            }
        });
        outcome.map_err(|e| e.to_string())
    };
    for told in on_ranks(2, |ranks| step(ranks, &[0, 1, 2])) {
        assert!(told.unwrap_err().contains("depends on no parameter"));
    }
    for told in on_ranks(2, |ranks| step(ranks, &[0, 2])) {
        told.unwrap();
    }
}

/// Few steps of a run that saves, of which each rank is told otherwise.
fn short(ranks: &Ranks, folder: &Path, stop: bool, told: bool) -> Result<Ended, FitError> {
    let mut set = ParameterSet::new();
    let w = set.add("w", Matrix::from([[0.0]]));
    let mut trainer = Trainer::new(set, Sgd::new(0.1)).over(ranks);
    let stop = AtomicBool::new(stop);
    let mut fit = Fit::new(4)
        .silent()
        .stop_when(&stop)
        .on_epoch(|_, _| !told)
        .save(folder.join("run.safetensors"));
    let mut data = Samples::new(vec![1.0, 2.0, 3.0], 2).in_parts(2);
    fit.run(&mut trainer, &mut data, |p, batch, _| {
        let x = p
            .tape()
            .constant(Matrix::from_fn(batch.len(), 1, |r, _| batch[r]));
        (x - p.var(w)).square().mean()
    })
}

#[test]
fn what_ends_a_rank_ends_all() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for ended in on_ranks(3, |ranks| short(&ranks, folder, ranks.rank() == 1, false)) {
        assert_eq!(ended.unwrap(), Ended::Stopped);
    }
    for ended in on_ranks(3, |ranks| short(&ranks, folder, false, ranks.rank() == 2)) {
        assert_eq!(ended.unwrap(), Ended::Told);
    }
    // The first cannot save: so all fail, and at once.
    let outcomes = on_ranks(2, |ranks| {
        let folder = folder.join(if ranks.is_first() { "missing" } else { "." });
        short(&ranks, &folder, false, false)
            .unwrap_err()
            .to_string()
    });
    assert!(outcomes[0].contains("missing"), "{outcomes:?}");
    assert_eq!(outcomes[1], format!("rank 0: {}", outcomes[0]));
}

#[test]
fn other_models_on_other_ranks_are_refused() {
    let outcome = on_ranks(2, |ranks| {
        let mut set = ParameterSet::<f64>::new();
        set.add("w", Matrix::zeros(1, 2 + ranks.rank()));
        let over = || Trainer::new(set, Sgd::new(0.1)).over(&ranks);
        let refused = catch_unwind(AssertUnwindSafe(over)).err()?;
        refused.downcast::<String>().ok()
    });
    let expected = "parameter w has 2 elements on the first rank, and is of shape [1, 3] here";
    assert_eq!(outcome[1].as_deref().map(String::as_str), Some(expected));
}
