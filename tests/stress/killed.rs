//! A run that is killed whenever it may be, and resumed until it is done, is the run that was not.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rand::RngExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use train::prelude::{Dropout, *};

/// How many kills of each kind of run: a few, unless the script asks for more.
fn kills() -> usize {
    env::var("KILLS").map_or(5, |n| n.parse().expect("KILLS is a number"))
}

/// Which kind of run this process is to be.
const KIND: &str = "BPTT_KILLED_RUN";

/// No test of its own, but the process that the others start, and kill.
#[test]
#[ignore = "a part of the other tests"]
fn run() {
    match env::var(KIND).as_deref() {
        Ok("text") => text(),
        Ok("samples") => samples(),
        kind => panic!("{KIND} is {kind:?}: this is run by the other tests"),
    }
}

#[test]
fn a_text_model_is_killed_and_resumed() {
    survives("text");
}

#[test]
fn a_classifier_is_killed_and_resumed() {
    survives("samples");
}

/// A model of a text: states carried from window to window, gradients that reach back over some of them.
fn text() {
    let text = "the cat sat on the mat, and the dog lay by the door.\n".repeat(8);
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
    let vocabulary = Vocabulary::new(&text);
    let symbols = vocabulary.encode(&text).unwrap();
    let model = TextModel::new(&mut set, vocabulary, CellKind::Lstm, 6, 2, &mut rng);
    let model = model.unwrap().with_dropout(0.2);
    let (training, mut validation) = model.streams(&symbols, 4, 10, 2).unwrap();
    let fit = Fit::new(12).keep_best().schedule(Schedule::cosine(80, 0.1));
    let trainer = Trainer::new(set, Adam::new(0.02)).clip(1.0);
    finish(
        fit,
        trainer,
        &mut training.reaching_back(3),
        &mut validation,
        |p, stretch, _| model.loss(p, stretch),
    );
}

/// A classifier of sentences whose classes are drawn, so that what it learns does not last and it stops early.
fn samples() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut sentence = |_| {
        let words = (0..rng.random_range(1..9)).map(|_| rng.random_range(0..5));
        (words.collect::<Vec<usize>>(), rng.random_range(0..3))
    };
    let sentences: Vec<_> = (0..70).map(&mut sentence).collect();
    let (training, validation) = split_at_random(sentences, 0.3, 1);
    let mut set = ParameterSet::new();
    let layers = Stack::new()
        .with(Embedding::new(&mut set, "words", 5, 4, &mut rng))
        .with(Forward(Gru::new(
            &mut set,
            "gru",
            4,
            6,
            Reset::After,
            &mut rng,
        )))
        .with(Dropout::new(0.3))
        .with(Pool::Last)
        .with(Linear::new(&mut set, "output", 6, 3, &mut rng));
    let fit = Fit::new(100)
        .early_stopping(8)
        .average(0.8)
        .schedule(Schedule::cosine(200, 0.1))
        .plateau(Plateau::new(0.7).patience(1));
    finish(
        fit,
        Trainer::new(set, Adam::new(0.05)).clip(1.0),
        &mut Samples::new(training, 8)
            .shuffled(3)
            .sorted_by_length(2, |(words, _)| words.len())
            .in_parts(2),
        &mut Samples::new(validation, 8),
        |p, batch, measures| {
            let (words, classes): (Vec<_>, Vec<_>) = batch.iter().cloned().unzip();
            let sequence = Sequence::from_symbols(&words).unwrap();
            let logits = layers.run(p, sequence).stacked();
            measures.classes(logits, &classes);
            logits.cross_entropy(&classes)
        },
    );
}

/// Goes on from "run", if that is there, to the end: with a checkpoint after every step.
fn finish<S: Source<f32>>(
    fit: Fit<'_>,
    mut trainer: Trainer,
    training: &mut S,
    validation: &mut S,
    loss: impl for<'t> Fn(&Bound<'t>, &mut S::Part, &mut Measures) -> Var<'t> + Sync,
) {
    let fit = fit.silent().seed(5).save("run").save_every(1);
    let mut fit = fit.save_best("best");
    if Path::new("run").exists() {
        let checkpoint = Checkpoint::load("run").unwrap();
        fit.restore(&checkpoint, &mut trainer, training).unwrap();
    }
    let ended = fit.run_and_validate(&mut trainer, training, validation, loss);
    let ended = json!(format!("{:?}", ended.unwrap()));
    trainer.checkpoint(ended).save("result").unwrap();
}

/// Kills runs of this kind, and compares each that came to its end with one that was let alone.
fn survives(kind: &str) {
    let whole = TempDir::new().unwrap();
    assert!(start(kind, whole.path()).wait().unwrap().success());
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut killed, mut saving, mut runs) = (0, 0, 0);
    while killed < kills() {
        let folder = TempDir::new().unwrap();
        loop {
            // Some end before their first step, and some get far, however fast the machine is.
            let delay = Duration::from_millis(5).mul_f64(rng.random_range(0.0f64..4.0).exp());
            let before = partial(folder.path());
            let mut child = start(kind, folder.path());
            if !kill(&mut child, folder.path(), delay, rng.random()) {
                break;
            }
            killed += 1;
            saving += usize::from(!partial(folder.path()).is_subset(&before));
        }
        runs += 1;
        assert_same(whole.path(), folder.path());
    }
    println!("{kind}: {killed} kills in {runs} runs, {saving} of them while a file was written");
}

fn start(kind: &str, folder: &Path) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "killed::run", "--ignored", "--nocapture"]);
    command.env(KIND, kind).env("RAYON_NUM_THREADS", "1");
    command.current_dir(folder).stdout(Stdio::null());
    command.spawn().unwrap()
}

/// Kills a run after the delay, or when it next writes a file. Gives false if it has come to its end before.
fn kill(child: &mut Child, folder: &Path, delay: Duration, when_it_saves: bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < delay {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        thread::sleep(Duration::from_micros(200));
    }
    if when_it_saves {
        let before = partial(folder);
        while child.try_wait().unwrap().is_none() && partial(folder).is_subset(&before) {}
    }
    child.kill().unwrap(); // SIGKILL
    let status = child.wait().unwrap();
    assert!(status.success() || status.signal() == Some(9), "{status}");
    !status.success()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    entries.map(|e| name(e).into_string().unwrap()).collect()
}

/// The files that are not whole yet.
fn partial(folder: &Path) -> BTreeSet<String> {
    let mut names = names(folder);
    names.retain(|name| name.ends_with(".partial"));
    names
}

/// That two runs have left the same, but for how long it took.
fn assert_same(expected: &Path, found: &Path) {
    assert_eq!(names(found), names(expected));
    let read = |folder: &Path, name| fs::read(folder.join(name)).unwrap();
    assert!(read(found, "result") == read(expected, "result"));
    for name in ["run", "best"] {
        let load = |folder: &Path| Checkpoint::load(folder.join(name)).unwrap();
        let (expected, found) = (load(expected), load(found));
        let [expected_told, found_told] = [&expected, &found].map(timeless);
        assert!(
            found_told == expected_told,
            "{name}: {found_told}\nis not {expected_told}"
        );
        assert!(bits(&found) == bits(&expected), "{name}");
    }
}

/// What it says of its run, but for how long that took.
fn timeless(checkpoint: &Checkpoint) -> Value {
    let mut metadata = checkpoint.metadata.clone();
    let epochs = metadata["fit"]["history"]["epochs"].as_array_mut();
    epochs
        .unwrap()
        .iter_mut()
        .for_each(|epoch| epoch["seconds"] = json!(0));
    metadata
}

/// The names, shapes and bits of all tensors.
fn bits(checkpoint: &Checkpoint) -> Vec<(&str, Shape, Vec<u32>)> {
    let tensors = checkpoint.tensors.iter().map(|(name, values)| {
        let bits = values.data().iter().map(|x| x.to_bits());
        (name.as_str(), values.shape(), bits.collect())
    });
    tensors.collect()
}
