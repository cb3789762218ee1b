//! The loop over epochs: its data, how it stops, and that it goes on as if it had never stopped.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use proptest::prelude::*;
use rand::RngExt;
use train::prelude::{Dropout, *};

/// Sentences of digits, and whether the sum of a sentence is odd.
fn sentences(count: usize) -> Vec<(Vec<usize>, usize)> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut sentence = |_| {
        let digits: Vec<usize> = (0..rng.random_range(1..9))
            .map(|_| rng.random_range(0..5))
            .collect();
        let class = digits.iter().filter(|&&d| d == 3).count().min(2);
        (digits, class)
    };
    (0..count).map(&mut sentence).collect()
}

struct Reader {
    layers: Stack<f64>,
}

impl Reader {
    fn new(dropout: f64) -> (Self, ParameterSet<f64>) {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
        let layers = Stack::new()
            .with(Embedding::new(&mut set, "symbols", 5, 4, &mut rng))
            .with(Forward(Gru::new(
                &mut set,
                "gru1",
                4,
                5,
                Reset::After,
                &mut rng,
            )))
            .with(Dropout::new(dropout))
            .with(Pool::Last)
            .with(Linear::new(&mut set, "output", 5, 3, &mut rng));
        (Reader { layers }, set)
    }

    fn loss<'t>(
        &self,
        p: &Bound<'t, f64>,
        batch: &Batch<(Vec<usize>, usize)>,
        measures: &mut Measures,
    ) -> Var<'t, f64> {
        let (digits, classes): (Vec<_>, Vec<_>) = batch.iter().cloned().unzip();
        let logits = self
            .layers
            .run(p, Sequence::from_symbols(&digits).unwrap())
            .stacked();
        measures.classes(logits, &classes);
        logits.cross_entropy(&classes)
    }
}

fn samples(count: usize, parts: usize) -> Samples<Vec<(Vec<usize>, usize)>> {
    Samples::new(sentences(count), 8)
        .shuffled(3)
        .sorted_by_length(2, |(d, _)| d.len())
        .in_parts(parts)
}

fn trainer(set: ParameterSet<f64>) -> Trainer<f64> {
    Trainer::new(set, Adam::new(0.02)).clip(1.0)
}

fn values(trainer: &Trainer<f64>) -> Vec<Matrix<f64>> {
    let set = trainer.parameters();
    set.ids().map(|id| set.get(id).clone()).collect()
}

/// All of a history but how long it took.
fn scores(history: &History) -> Vec<(Scores, Option<Scores>, f64)> {
    let epochs = history.epochs.iter();
    epochs
        .map(|e| (e.training.clone(), e.validation.clone(), e.learning_rate))
        .collect()
}

/// A run with all that remembers something: a schedule, a plateau, averages, the best epoch.
fn fit<'a>() -> Fit<'a, f64> {
    let plateau = Plateau::new(0.5).patience(0);
    Fit::new(3)
        .silent()
        .schedule(Schedule::cosine(30, 0.1))
        .plateau(plateau)
        .average(0.8)
        .keep_best()
}

/// The parameters after a run, and its scores.
type Outcome = (Vec<Matrix<f64>>, Vec<(Scores, Option<Scores>, f64)>);

fn unbroken(parts: usize) -> Outcome {
    let (model, set) = Reader::new(0.3);
    let mut trainer = trainer(set);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.safetensors");
    let mut fit = fit().save(&file);
    let ended = fit
        .run_and_validate(
            &mut trainer,
            &mut samples(50, parts),
            &mut samples(20, 1),
            |p, b, m| model.loss(p, b, m),
        )
        .unwrap();
    assert_eq!(ended, Ended::Epochs);
    let mut saved = trainer.parameters().clone();
    let checkpoint = Checkpoint::load(&file).unwrap();
    checkpoint.restore_best(&mut saved).unwrap();
    let mut ids = saved.ids();
    assert!(ids.all(|id| saved.get(id) == trainer.parameters().get(id)));
    (values(&trainer), scores(fit.history()))
}

#[test]
fn a_run_that_was_stopped_anywhere_goes_on_as_if_it_had_not_been() {
    let expected = unbroken(2);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.safetensors");
    for stop_after in [1, 6, 7, 10, 14] {
        let (model, set) = Reader::new(0.3);
        let (stop, steps) = (AtomicBool::new(false), AtomicUsize::new(0));
        let mut first = trainer(set);
        let ended = fit()
            .stop_when(&stop)
            .save(&file)
            .run_and_validate(
                &mut first,
                &mut samples(50, 2),
                &mut samples(20, 1),
                |p, b, m| {
                    // Two parts a step.
                    if p.noise().is_some() && steps.fetch_add(1, SeqCst) + 1 == 2 * stop_after {
                        stop.store(true, SeqCst);
                    }
                    model.loss(p, b, m)
                },
            )
            .unwrap();
        assert_eq!(ended, Ended::Stopped);
        assert_eq!(first.optimizer().steps(), stop_after as u64);
        let (model, set) = Reader::new(0.3);
        let (mut second, mut training) = (trainer(set), samples(50, 2));
        let mut fit = fit();
        fit.restore(
            &Checkpoint::load(&file).unwrap(),
            &mut second,
            &mut training,
        )
        .unwrap();
        fit.run_and_validate(
            &mut second,
            &mut training,
            &mut samples(20, 1),
            |p, b, m| model.loss(p, b, m),
        )
        .unwrap();
        assert!(
            (values(&second), scores(fit.history())) == expected,
            "stopped after {stop_after} steps"
        );
    }
}

#[test]
fn threads_change_nothing() {
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| unbroken(3))
    };
    assert!(on(1) == on(3));
}

/// The loss is the mean over all sentences however they are dealt out, and so is what is measured.
#[test]
fn parts_change_nothing_but_the_order_of_sums() {
    let of = |parts| {
        let (model, set) = Reader::new(0.0);
        evaluate(&mut trainer(set), &mut samples(50, parts), |p, b, m| {
            model.loss(p, b, m)
        })
    };
    let (one, three) = (of(1), of(3));
    assert!((one.loss - three.loss).abs() < 1e-12);
    assert_eq!(one.measures.confusion(), three.measures.confusion());
    assert_eq!(one.measures.get("accuracy"), three.measures.get("accuracy"));
}

/// Gradients that are added up from round to round are those of all parts at once.
#[test]
fn accumulated_gradients_are_the_same() {
    let of = |at_once| {
        let (model, set) = Reader::new(0.3);
        let mut trainer = trainer(set).at_once(at_once);
        let mut fit = Fit::new(2).silent();
        fit.run(&mut trainer, &mut samples(50, 4), |p, b, m| {
            model.loss(p, b, m)
        })
        .unwrap();
        (values(&trainer), scores(fit.history()))
    };
    let all = of(4);
    assert!(of(1) == all && of(2) == all && of(3) == all);
}

/// Streams carry their states, from one mini-batch to the next and through a file.
#[test]
fn a_run_over_a_text_goes_on_in_the_middle_of_an_epoch() {
    for reach in [1, 3] {
        goes_on(reach);
    }
}

fn goes_on(reach: usize) {
    let symbols: Vec<usize> = (0..400).map(|i| (i * i / 7 + i) % 5).collect();
    let build = || {
        let (mut set, mut rng) = (ParameterSet::<f64>::new(), ChaCha8Rng::seed_from_u64(1));
        let model = CharModel::new(&mut set, CellKind::Lstm, 5, 6, 2, &mut rng).with_dropout(0.2);
        let windows = Windows::new(symbols.clone(), 4, 10).unwrap();
        let streams = Streams::new(windows, 2, |count| model.zeros(count)).reaching_back(reach);
        (model, trainer(set), streams)
    };
    let run = |fit: &mut Fit<'_, f64>,
               model: &CharModel<f64>,
               trainer: &mut Trainer<f64>,
               streams: &mut Streams<f64>| {
        fit.run(trainer, streams, |p, stretch, _| {
            let (logits, states) =
                model.logits(p, &stretch.inputs, stretch.streams(), &stretch.carried);
            Carried::store_all(&mut stretch.carried, &states);
            logits.rows(stretch.rows()).cross_entropy(&stretch.targets)
        })
        .unwrap()
    };
    let (model, mut unbroken, mut streams) = build();
    let mut fit = Fit::new(3).silent();
    run(&mut fit, &model, &mut unbroken, &mut streams);
    let history = fit.history().clone();

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.safetensors");
    let (model, mut first, mut streams) = build();
    let mut fit = Fit::new(3).silent().save(&file).for_time(Duration::ZERO);
    for steps in 1..14 {
        assert_eq!(
            run(&mut fit, &model, &mut first, &mut streams),
            Ended::Time,
            "after a step"
        );
        assert_eq!(first.optimizer().steps(), steps);
    }
    let (model, mut second, mut streams) = build();
    let mut fit = Fit::new(3).silent();
    fit.restore(&Checkpoint::load(&file).unwrap(), &mut second, &mut streams)
        .unwrap();
    run(&mut fit, &model, &mut second, &mut streams);
    assert!(values(&second) == values(&unbroken));
    assert_eq!(scores(fit.history()), scores(&history));
}

/// Each window is read with those before it, from the state that they were once read from.
#[test]
fn gradients_reach_back_over_windows() {
    let symbols: Vec<usize> = (0..121).map(|i| (i * i / 7 + i) % 5).collect();
    let (mut set, mut rng) = (ParameterSet::<f64>::new(), ChaCha8Rng::seed_from_u64(1));
    let model = CharModel::new(&mut set, CellKind::Lstm, 5, 6, 1, &mut rng);
    let windows = Windows::new(symbols.clone(), 2, 10).unwrap();
    let mut streams = Streams::new(windows.clone(), 1, |count| model.zeros(count)).reaching_back(2);
    let mut trainer = Trainer::new(set.clone(), Sgd::new(0.5));
    let mut fit = Fit::new(1).silent();
    fit.run(&mut trainer, &mut streams, |p, stretch, _| {
        let (logits, states) =
            model.logits(p, &stretch.inputs, stretch.streams(), &stretch.carried);
        Carried::store_all(&mut stretch.carried, &states);
        logits.rows(stretch.rows()).cross_entropy(&stretch.targets)
    })
    .unwrap();

    let mut by_hand = Trainer::new(set, Sgd::new(0.5));
    let stream = |b: usize| &symbols[60 * b..60 * b + 61];
    let interleaved = |range: std::ops::Range<usize>| -> Vec<usize> {
        range.flat_map(|t| [stream(0)[t], stream(1)[t]]).collect()
    };
    // Before each window.
    let mut states = vec![model.zeros(2)];
    for window in 0..6 {
        let first = window.max(1) - 1;
        let (inputs, targets) = (
            interleaved(10 * first..10 * window + 10),
            interleaved(10 * window + 1..10 * window + 11),
        );
        let mut after = states[first].clone();
        let step = by_hand.step(|p| {
            let (logits, last) = model.logits(p, &inputs, 2, &states[first]);
            Carried::store_all(&mut after, &last);
            logits
                .rows(logits.row_count() - 20..logits.row_count())
                .cross_entropy(&targets)
        });
        step.unwrap();
        states.push(after);
    }
    assert!(values(&trainer) == values(&by_hand));
}

/// A parameter that runs away from the least loss: the best epoch is an early one.
#[test]
fn stopping_early_restores_the_best_parameters() {
    let mut set = ParameterSet::<f64>::new();
    let w = set.add("w", Matrix::from([[-3.0]]));
    let mut trainer = Trainer::new(set, Sgd::new(1.0));
    let folder = tempfile::tempdir().unwrap();
    let best_file = folder.path().join("best.safetensors");
    let last_file = folder.path().join("last.safetensors");
    let mut fit = Fit::new(100)
        .silent()
        .early_stopping(3)
        .save(&last_file)
        .save_best(&best_file);
    let mut data = (Samples::new(vec![0.0], 1), Samples::new(vec![1.0], 1));
    let ended = fit
        .run_and_validate(&mut trainer, &mut data.0, &mut data.1, |p, batch, _| {
            let w = p.var(w);
            // Trained by w alone, which rises by one an epoch; validated by w².
            if batch[0] == 0.0 { -w } else { w.square() }
        })
        .unwrap();
    assert_eq!(ended, Ended::Early { best: 3 });
    assert_eq!(fit.history().epochs.len(), 6);
    assert_eq!(trainer.parameters().get(w)[(0, 0)], 0.0);
    let mut restored = |file, of_best: bool| {
        let set = trainer.parameters_mut();
        let checkpoint = Checkpoint::<f64>::load(file).unwrap();
        let restored = if of_best {
            checkpoint.restore_best(set)
        } else {
            checkpoint.restore(set)
        };
        restored.unwrap();
        set.get(w)[(0, 0)]
    };
    assert_eq!(restored(&best_file, false), 0.0);
    assert_eq!(restored(&best_file, true), 0.0);
    assert_eq!(restored(&last_file, false), 3.0);
    assert_eq!(restored(&last_file, true), 0.0);
}

#[test]
fn a_function_may_end_the_run() {
    let (model, set) = Reader::new(0.0);
    let mut seen = Vec::new();
    let mut fit = Fit::new(10)
        .silent()
        .on_epoch(|report, trainer: &Trainer<f64>| {
            seen.push((report.epoch, trainer.optimizer().steps()));
            report.epoch < 2
        });
    let ended = fit
        .run(&mut trainer(set), &mut samples(50, 1), |p, b, m| {
            model.loss(p, b, m)
        })
        .unwrap();
    drop(fit);
    assert_eq!((ended, seen), (Ended::Told, vec![(1, 7), (2, 14)]));
}

#[test]
fn a_loss_of_nan_names_epoch_batch_and_sample() {
    let mut set = ParameterSet::<f64>::new();
    let w = set.add("w", Matrix::from([[1.0]]));
    let data: Vec<f64> = (0..10)
        .map(|i| if i == 7 { -1.0 } else { f64::from(i) + 1.0 })
        .collect();
    let mut trainer = Trainer::new(set, Sgd::new(0.0));
    let error =
        Fit::new(1)
            .silent()
            .run(&mut trainer, &mut Samples::new(data, 4), |p, batch, _| {
                let x = p
                    .tape()
                    .constant(Matrix::from_fn(batch.len(), 1, |r, _| batch[r]));
                (x * p.var(w)).sqrt().sum()
            });
    let message = error.unwrap_err().to_string();
    assert!(
        message.starts_with("epoch 1, mini-batch 1, sample 7: the loss is NaN: the first value"),
        "{message}"
    );
}

#[test]
fn a_history_is_a_table_and_a_curve() {
    let (model, set) = Reader::new(0.0);
    let mut fit = Fit::new(3).silent();
    fit.run_and_validate(
        &mut trainer(set),
        &mut samples(50, 1),
        &mut samples(20, 1),
        |p, b, m| model.loss(p, b, m),
    )
    .unwrap();
    let csv = fit.history().csv();
    let mut lines = csv.lines();
    assert_eq!(
        lines.next().unwrap(),
        "epoch,seconds,learning rate,loss,accuracy,validation loss,validation accuracy"
    );
    let row: Vec<f64> = lines
        .next()
        .unwrap()
        .split(',')
        .map(|x| x.parse().unwrap())
        .collect();
    let first = &fit.history().epochs[0];
    assert_eq!((row[0], row[3]), (1.0, first.training.loss));
    assert_eq!(row[5], first.validation.as_ref().unwrap().loss);
    assert_eq!(lines.count(), 2);
    let svg = fit.history().chart("accuracy").svg().to_string();
    assert!(svg.contains("training") && svg.contains("validation") && svg.contains("epoch"));
    let saving = first.saving().unwrap();
    assert!((0.0..0.5).contains(&saving), "{saving}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// An epoch has every sample once, in the same order whenever it begins, and other orders follow.
    #[test]
    fn an_epoch_has_every_sample_once(
        lengths in prop::collection::vec(1..20_usize, 1..60), size in 1..9_usize, window in 1..4_usize,
        parts in 1..4_usize, seed: u64, epoch in 1..5_u64,
    ) {
        let data: Vec<(usize, usize)> = lengths.iter().copied().enumerate().collect();
        let mut samples = Samples::new(data, size).shuffled(seed).sorted_by_length(window, |s| s.1).in_parts(parts);
        let mut read = |epoch| {
            let batches = Source::<f64>::begin(&mut samples, epoch);
            let read = |batch| {
                let parts = Source::<f64>::parts(&mut samples, batch);
                parts.iter().flat_map(|part| part.to_vec()).collect::<Vec<_>>()
            };
            (0..batches).map(read).collect::<Vec<_>>()
        };
        let first = read(epoch);
        prop_assert!(first.iter().all(|batch| batch.len() <= size));
        let mut all: Vec<_> = first.concat().into_iter().map(|(i, _)| i).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
        prop_assert!(read(epoch + 1).len() == first.len() && read(epoch) == first);
        let (rows, padded) = { read(epoch); Source::<f64>::rows(&samples).unwrap() };
        let longest = |batch: &Vec<(usize, usize)>| batch.len() * batch.iter().map(|s| s.1).max().unwrap();
        prop_assert_eq!(rows, lengths.iter().sum::<usize>());
        prop_assert_eq!(padded, first.iter().map(longest).sum::<usize>());
    }

    /// Splits are parts of the whole, and the same for the same seed.
    #[test]
    fn splits_are_partitions(count in 4..60_usize, share in 0.0..1.0_f64, k in 2..5_usize, seed: u64) {
        let data: Vec<usize> = (0..count).collect();
        let whole = |a: &Subset<Vec<usize>>, b: &Subset<Vec<usize>>| {
            let mut all = [a.indices(), b.indices()].concat();
            all.sort_unstable();
            all == data
        };
        let (training, held_out) = split_at_random(data.clone(), share, seed);
        prop_assert!(whole(&training, &held_out));
        prop_assert!((held_out.len() as f64 - share * count as f64).abs() <= 0.5);
        let again = split_at_random(data.clone(), share, seed).1;
        prop_assert_eq!(again.indices(), held_out.indices());
        let (training, held_out) = split_by_class(data.clone(), share, seed, |&n| n % 3);
        prop_assert!(whole(&training, &held_out));
        for class in 0..3 {
            let of_class = |n: &&usize| **n % 3 == class;
            let (found, all) = (held_out.indices().iter().filter(of_class).count(), data.iter().filter(of_class).count());
            prop_assert!((found as f64 - share * all as f64).abs() <= 0.5);
        }
        let folds = k_fold(data.clone(), k, seed);
        prop_assert!(folds.iter().all(|(others, own)| whole(others, own)));
        let own: usize = folds.iter().map(|fold| fold.1.len()).sum();
        prop_assert_eq!(own, count);

        let classes = 3;
        let class = |i: &usize| (i * i) % 5 % classes;
        let folds = k_fold_by_class(data.clone(), k, seed, class);
        prop_assert!(folds.iter().all(|(others, own)| whole(others, own)));
        let mut own: Vec<_> = folds.iter().flat_map(|fold| fold.1.indices().to_vec()).collect();
        own.sort_unstable();
        prop_assert_eq!(own, (0..count).collect::<Vec<_>>());
        let spread = |counts: Vec<usize>| counts.iter().max().unwrap() - counts.iter().min().unwrap();
        prop_assert!(spread(folds.iter().map(|fold| fold.1.len()).collect()) <= 1);
        for c in 0..classes {
            let of_class = |own: &Subset<Vec<usize>>| own.to_vec().iter().filter(|i| class(i) == c).count();
            prop_assert!(spread(folds.iter().map(|fold| of_class(&fold.1)).collect()) <= 1);
        }
    }

    /// The distance of edits by its definition, over all ways to align.
    #[test]
    fn edit_distances(a in prop::collection::vec(0..3_u8, 0..7), b in prop::collection::vec(0..3_u8, 0..7)) {
        fn least(a: &[u8], b: &[u8]) -> usize {
            match (a, b) {
                ([], rest) | (rest, []) => rest.len(),
                ([x, a_rest @ ..], [y, b_rest @ ..]) => {
                    let substituted = least(a_rest, b_rest) + usize::from(x != y);
                    substituted.min(1 + least(a_rest, b)).min(1 + least(a, b_rest))
                }
            }
        }
        prop_assert_eq!(train::edit_distance(&a, &b), least(&a, &b));
    }
}

/// A run that ends between its two saves, as one that is killed does, has not lost the best epoch.
#[test]
fn the_best_is_saved_before_what_a_run_goes_on_from() {
    let (folder, gone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (file, best) = (folder.path().join("run"), gone.path().join("best/file"));
    let best_folder = best.parent().unwrap();
    std::fs::create_dir(best_folder).unwrap();
    let run = |fit: Fit<'_, f64>, resumed: bool| {
        let (model, set) = Reader::new(0.3);
        let (mut trainer, mut training) = (trainer(set), samples(50, 1));
        let mut fit = fit.silent().save(&file).save_best(&best);
        if resumed {
            let checkpoint = Checkpoint::load(&file).unwrap();
            let restored = fit.restore(&checkpoint, &mut trainer, &mut training);
            restored.unwrap();
        }
        fit.run(&mut trainer, &mut training, |p, b, m| model.loss(p, b, m))
    };
    let removed = Fit::new(2).on_epoch(|report, _| {
        assert_eq!(report.epoch, 1, "the best of epoch 2 has no folder");
        std::fs::remove_dir_all(best_folder).unwrap();
        true
    });
    assert!(matches!(run(removed, false), Err(FitError::Save(_))));
    std::fs::create_dir(best_folder).unwrap();
    run(Fit::new(2), true).unwrap();
    let [run, best] = [&file, &best].map(|path| Checkpoint::<f64>::load(path).unwrap());
    assert_eq!(run.metadata["fit"]["best"]["epoch"], 2);
    assert_eq!(best.tensors, run.tensors);
}

#[test]
fn a_time_that_no_clock_reaches_is_no_end() {
    let (model, set) = Reader::new(0.0);
    let mut fit = Fit::new(1).silent().for_time(Duration::MAX);
    let ended = fit.run(&mut trainer(set), &mut samples(20, 1), |p, b, m| {
        model.loss(p, b, m)
    });
    assert_eq!(ended.unwrap(), Ended::Epochs);
}
