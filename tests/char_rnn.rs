//! The example `char_rnn`, as somebody uses it who makes mistakes.
#![allow(missing_docs)]
#![cfg(unix)]

mod programs;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use train::prelude::*;

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| programs::example("char_rnn"));

/// A folder with a text in it, where the program runs.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(
            folder.path().join("text"),
            "the cat sat on the mat\n".repeat(20),
        )
        .unwrap();
        Place(folder)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program with these arguments, which no argument has spaces in.
    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(&*PROGRAM);
        command
            .current_dir(&self.0)
            .args(arguments.split_whitespace());
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it says on standard error when it succeeds.
    #[track_caller]
    fn success(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let said = text(&output.stderr);
        assert!(output.status.success(), "{arguments}: {said}");
        said
    }

    /// The one line that it says when it refuses.
    #[track_caller]
    fn refusal(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
        assert_eq!(said.lines().count(), 1, "{arguments}: {said}");
        assert!(said.starts_with("error: "), "{arguments}: {said}");
        said
    }

    /// Trains for one epoch and saves in "model".
    fn trained(&self) -> Checkpoint {
        self.success(&format!("{TINY} --epochs 1 --save model"));
        self.load("model")
    }

    fn load(&self, name: &str) -> Checkpoint {
        Checkpoint::load(self.at(name)).unwrap()
    }
}

/// How many epochs were done when it was saved.
fn epochs(checkpoint: &Checkpoint) -> usize {
    checkpoint.metadata["fit"]["history"]["epochs"]
        .as_array()
        .unwrap()
        .len()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const TINY: &str = "--text text --hidden 6 --batch 4 --steps 5 --cell gru --threads 1";

#[test]
fn a_run_is_saved_resumed_and_sampled_from() {
    let place = Place::new();
    place.trained();
    place.success("--text text --resume model --epochs 3 --save model");
    assert_eq!(epochs(&place.load("model")), 3);
    let sampled = place.run("sample --load model --length 50");
    let sampled = text(&sampled.stdout);
    assert_eq!(sampled.chars().count(), 51, "{sampled:?}");
    let (model, parameters) = TextModel::load(place.at("model")).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let sampling = Sampling {
        temperature: 0.8,
        ..Sampling::default()
    };
    let written = model.write(&parameters, "\n", sampling, &mut rng).unwrap();
    let written: String = written.take(50).map(Result::unwrap).collect();
    assert_eq!(format!("\n{written}"), sampled);
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 2);
}

#[test]
fn only_a_saved_model_is_replaced() {
    let place = Place::new();
    let before = fs::read(place.at("text")).unwrap();
    let refusal = place.refusal(&format!("{TINY} --save text"));
    assert!(
        refusal.contains("--save: text is there, is not a checkpoint"),
        "{refusal}"
    );
    assert_eq!(fs::read(place.at("text")).unwrap(), before);
    let nowhere = place.refusal(&format!("{TINY} --save no/model"));
    assert!(nowhere.contains("there is no directory no"), "{nowhere}");
    assert!(place.refusal(&format!("{TINY} --force")).contains("--save"));
    place.success(&format!("{TINY} --epochs 2 --save text --force"));
    place.load("text");
}

#[test]
fn a_standard_output_that_is_gone_costs_no_epoch() {
    let place = Place::new();
    let mut child = place
        .command(&format!("{TINY} --epochs 500000 --save model"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take()); // as head(1) does when it has seen enough
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(epochs(&place.load("model")), 1);

    let mut sampling = place.command("sample --load model --length 1000000000");
    let mut child = sampling
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stderr), "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_standard_output_on_a_full_disk_costs_no_epoch() {
    let place = Place::new();
    let full = || {
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    for (arguments, saves) in [
        ("--epochs 500000 --save model", true),
        ("--epochs 500000", false),
    ] {
        let mut command = place.command(&format!("{TINY} {arguments}"));
        let output = command.stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = text(&output.stderr);
        assert!(
            said.starts_with("error: cannot write to standard output: No space"),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1);
        assert!(!saves || epochs(&place.load("model")) == 1);
    }
}

/// Whenever that happens: each epoch takes a millisecond or two, and is saved.
#[test]
fn a_run_that_is_killed_leaves_a_model_and_the_next_removes_the_rest() {
    let place = Place::new();
    place.trained();
    for milliseconds in 20..40 {
        let mut running = place.command(&format!("{TINY} --epochs 500000 --save model"));
        let mut child = running.stdout(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        place.load("model");
    }
    place.trained();
    let names = fs::read_dir(place.0.path()).unwrap();
    let mut names: Vec<_> = names.map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["model", "text"]);
}

/// Wherever it is pressed, the run goes on as if it had not been.
#[test]
fn ctrl_c_saves_and_stops() {
    let place = Place::new();
    let mut running = place.command(&format!("{TINY} --epochs 500000 --save model"));
    let child = running
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !place.at("model").exists() {
        thread::sleep(Duration::from_millis(5));
    }
    assert!(programs::kill("-INT", child.id()));
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert!(
        output.status.success() && said.contains("stopped: --resume"),
        "{said}"
    );

    let done = epochs(&place.load("model"));
    let until = done + 2;
    place.success(&format!(
        "--text text --resume model --epochs {until} --save model --threads 1"
    ));
    place.success(&format!("{TINY} --epochs {until} --save whole"));
    assert_eq!(
        place.load("model").tensors,
        place.load("whole").tensors,
        "stopped after {done}"
    );
}

#[test]
fn flags_that_a_saved_model_overrules_are_told() {
    let place = Place::new();
    place.trained();
    let said = place.success(
        "--text text --resume model --epochs 2 --hidden 64 --lr 0.5 --steps 5 --recompute 2 --batch 4",
    );
    let expected = [
        "--hidden has no effect: the saved model goes on with 6",
        "--lr has no effect: the saved model goes on with 0.002",
        "--recompute has no effect: the saved model goes on without",
    ];
    let mut lines: Vec<_> = said.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, expected);
    assert_eq!(
        place.success("--text text --resume model --epochs 2 --hidden 6"),
        ""
    );
}

#[test]
fn epochs_that_are_done_already_are_saved_all_the_same() {
    let place = Place::new();
    let first = place.trained();
    let output = place.run("--text text --resume model --epochs 1 --save again");
    let said = text(&output.stdout);
    assert!(said.contains("1 epochs of 1 are done already"), "{said}");
    assert_eq!(place.load("again"), first);
}

#[test]
fn flags_beyond_any_machine_are_named() {
    let place = Place::new();
    place.trained();
    let huge = [
        "--hidden 100000000",
        "--hidden 18446744073709551615",
        "--layers 10000000000000",
        "--threads 70000",
        "--batch 10000000000000",
        "--steps 10000000000000",
        "--batch 18446744073709551615",
    ];
    for flag in huge {
        let refusal = place.refusal(&format!("--text text {flag}"));
        assert!(
            refusal.contains(flag.split(' ').next().unwrap()),
            "{refusal}"
        );
    }
    let length = place.refusal("sample --load model --length 10000000000000");
    assert!(length.contains("--length"), "{length}");
}

#[test]
fn a_memory_that_is_too_small_is_refused_before_the_work() {
    let place = Place::new();
    let said = place.refusal("--text text --hidden 128 --batch 4 --steps 20 --memory 1");
    let (flag, least) = said
        .trim()
        .split_once(" texts of 20 steps take at least ")
        .unwrap();
    assert_eq!(flag, "error: --memory 1: 2");
    let least: usize = least.strip_suffix(" megabytes").unwrap().parse().unwrap();
    place.success(&format!(
        "--text text --hidden 128 --batch 4 --steps 20 --memory {least} --epochs 1"
    ));
}

#[test]
fn sample_without_arguments_prints_its_usage() {
    let place = Place::new();
    let output = place.run("sample");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said.contains("Usage: ") && said.contains("--load <LOAD>"),
        "{said}"
    );
    assert!(place.refusal("sample --length 3").contains("--load <LOAD>"));
}

#[test]
fn a_prime_that_was_never_seen_is_named_and_the_default_always_was() {
    let place = Place::new();
    place.trained();
    let mut sample = place.command("sample --load model --prime");
    let output = sample.arg("cät").output().unwrap();
    let expected = "error: --prime: \"ä\" at position 1 is not in the vocabulary: \
                    \"\\n acehmnost\"\n";
    assert_eq!(text(&output.stderr), expected);
    fs::write(place.at("text"), "zyx ".repeat(100)).unwrap();
    place.success(&format!("{TINY} --epochs 1 --save other"));
    let sampled = place.run("sample --load other --length 10");
    assert!(sampled.status.success(), "{sampled:?}");
    assert_eq!(text(&sampled.stdout).chars().count(), 11);
}

#[test]
fn what_is_wrong_with_a_text_is_said_in_a_line() {
    let place = Place::new();
    fs::create_dir(place.at("folder")).unwrap();
    fs::copy(place.at("text"), place.at("folder/a")).unwrap();
    std::os::unix::fs::symlink("nowhere", place.at("folder/b")).unwrap();
    let arguments = TINY.replace("--text text", "--epochs 1 --text folder ./folder/a");
    let said = place.success(&arguments);
    let expected = "skipped folder/b: a link that leads nowhere\n\
                    skipped ./folder/a: it is folder/a, and counts once\n";
    assert_eq!(said, expected);
    let short = place.refusal("--text text --batch 100");
    let fits = "--batch 100 and --steps 50: the text has 414 symbols, and one batch of 100 streams and 50 \
                steps needs at least 5001; of streams x steps, 8 x 50 or 100 x 4 would fit";
    assert!(short.contains(fits), "{short}");
    fs::write(
        place.at("other"),
        "Quite another text, for what was learned.",
    )
    .unwrap();
    place.trained();
    let other = place.refusal("--text other --resume model");
    assert!(other.contains("--text: \"Q\" at position 0"), "{other}");
}

/// What a saved model says of itself, made wrong.
fn wrong_models() -> Vec<(&'static str, Value)> {
    let mut wrong = vec![
        ("/text_model", json!(null)),
        ("/text_model", json!([1, 2])),
        ("/text_model/vocabulary", json!("")),
        ("/text_model/vocabulary", json!("ba")),
        (
            "/text_model/vocabulary",
            json!("abcdefghijklmnopqrstuvwxyz"),
        ),
        ("/text_model/vocabulary", json!(3)),
        ("/text_model/cell", json!("lstm")),
        ("/text_model/cell", json!("no\ncell")),
        ("/text_model/cell", json!(4)),
    ];
    for path in ["/text_model/hidden", "/text_model/layers"] {
        let sizes = [0, 9000, 1 << 32, 1 << 62, u64::MAX].map(|n| json!(n));
        let others = [json!(-3), json!(0.5), json!(null)];
        wrong.extend(sizes.into_iter().chain(others).map(|v| (path, v)));
    }
    wrong.extend([json!(2), json!(1), json!(-0.1)].map(|v| ("/text_model/dropout", v)));
    wrong
}

/// The settings of its run, made wrong.
fn wrong_settings() -> Vec<(&'static str, Value)> {
    let mut wrong = vec![
        ("/settings", json!(null)),
        ("/settings", json!([1, 2])),
        ("/settings", both_dropout_and_recompute()),
        ("/settings/cell", json!("no\ncell")),
        ("/settings/words", json!(1)),
    ];
    for name in ["hidden", "layers", "batch", "parts", "steps"] {
        let path = &*format!("/settings/{name}").leak();
        wrong.extend([json!(0), json!(-3), json!(0.5), json!(null)].map(|v| (path, v)));
    }
    for path in ["/settings/clip", "/settings/lr"] {
        wrong.extend([json!(-1), json!(0), json!(-1e300), json!("x")].map(|v| (path, v)));
    }
    wrong.extend([json!(2), json!(1), json!(-0.1)].map(|v| ("/settings/dropout", v)));
    wrong.extend([json!(0), json!(-1)].map(|v| ("/settings/decay", v)));
    wrong.extend([json!(0), json!("all")].map(|v| ("/settings/recompute", v)));
    wrong
}

fn both_dropout_and_recompute() -> Value {
    json!({
        "cell": "gru", "hidden": 6, "layers": 1, "batch": 4, "parts": 2, "steps": 5, "recompute": 2,
        "lr": 0.002, "decay": null, "clip": 5.0, "dropout": 0.5, "seed": 1,
    })
}

/// With the right checksum: nothing but the metadata is wrong.
#[test]
fn what_a_saved_model_says_is_checked_before_it_is_believed() {
    let place = Place::new();
    let saved = place.trained();
    let resume = "--text text --resume wrong --epochs 9";
    let refused = |(path, value): (&str, Value), arguments: &[(&str, &str)]| {
        let mut changed = saved.clone();
        *changed.metadata.pointer_mut(path).unwrap() = value.clone();
        changed.save(place.at("wrong")).unwrap();
        for (arguments, expected) in arguments {
            let refusal = place.refusal(arguments);
            assert!(refusal.contains(expected), "{path} {value}: {refusal}");
        }
    };
    let resumed = (resume, "wrong is not a model of char_rnn: ");
    for wrong in wrong_models() {
        refused(wrong, &[resumed, ("sample --load wrong", "error: wrong: ")]);
    }
    for wrong in wrong_settings() {
        refused(wrong, &[resumed]);
    }
}

/// How far a run has come is looked at where it is to go on.
#[test]
fn a_run_that_contradicts_itself_is_refused() {
    let place = Place::new();
    let saved = place.trained();
    for (path, value) in [
        ("/fit", json!(3)),
        ("/fit/history/epochs", json!([])),
        ("/fit/history/epochs/0/epoch", json!(7)),
        ("/fit/best/epoch", json!(u64::MAX)),
        ("/fit/best", json!(null)),
        ("/fit/batches", json!(5)),
        ("/fit/batches", json!(-1)),
    ] {
        let mut changed = saved.clone();
        *changed.metadata.pointer_mut(path).unwrap() = value.clone();
        changed.save(place.at("wrong")).unwrap();
        let refusal = place.refusal("--text text --resume wrong --epochs 9");
        let expected = "error: wrong: the checkpoint has no run to go on with: ";
        assert!(refusal.starts_with(expected), "{path} {value}: {refusal}");
    }
}

/// They make a run that cannot be gone on with, or goes on as if nothing were.
#[test]
fn settings_that_depend_on_the_text_are_checked_with_it() {
    let place = Place::new();
    let saved = place.trained();
    let most = json!(u64::MAX);
    for (path, goes_on) in [
        ("/settings/batch", false),
        ("/settings/steps", false),
        ("/settings/parts", true),
        ("/settings/recompute", true),
        ("/settings/decay", true),
        ("/settings/seed", true),
    ] {
        let mut changed = saved.clone();
        *changed.metadata.pointer_mut(path).unwrap() = most.clone();
        changed.save(place.at("wrong")).unwrap();
        let arguments = "--text text --resume wrong --epochs 2";
        if goes_on {
            place.success(arguments);
        } else {
            let refusal = place.refusal(arguments);
            assert!(refusal.contains("--batch"), "{path}: {refusal}");
        }
    }
}

#[test]
fn a_model_without_tensors_is_refused() {
    let place = Place::new();
    let mut saved = place.trained();
    saved.tensors.retain(|(name, _)| name.starts_with("adam"));
    saved.save(place.at("wrong")).unwrap();
    let refusal = place.refusal("sample --load wrong");
    assert!(
        refusal.contains("the checkpoint has no tensor gru1.U"),
        "{refusal}"
    );
    let mut saved = place.trained();
    saved.tensors.retain(|(name, _)| !name.starts_with("adam"));
    saved.save(place.at("wrong")).unwrap();
    let refusal = place.refusal("--text text --resume wrong --epochs 2");
    assert!(
        refusal.starts_with("error: wrong: the checkpoint has no tensor adam."),
        "{refusal}"
    );
}
