//! Training on several processes, by MPI: what one process computes, and what happens when one of them is gone.
//!
//!     cargo test --features mpi --test mpi
#![allow(missing_docs)]
#![cfg(all(unix, feature = "mpi"))]

mod programs;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use train::prelude::*;

use programs::kill;

/// A folder with a text, and the program to learn it.
struct Run {
    folder: TempDir,
    program: PathBuf,
}

impl Run {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = "the cat sat on the mat, and the dog lay by the door.\n".repeat(60);
        fs::write(folder.path().join("text"), text).unwrap();
        let program = programs::example("char_rnn");
        Run { folder, program }
    }

    /// The program on so many ranks, with a model of its own.
    fn on_ranks(&self, count: usize, flags: &[&str]) -> Command {
        let mut command = Command::new("mpirun");
        // More ranks than processors; and some systems run their tests as root.
        command.args([
            "--oversubscribe",
            "--allow-run-as-root",
            "-n",
            &count.to_string(),
        ]);
        command
            .arg(&self.program)
            .args(["--text", "text", "--threads", "1"]);
        command.args([
            "--hidden", "12", "--batch", "8", "--steps", "10", "--parts", "4",
        ]);
        command.args(flags).current_dir(self.folder.path());
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn succeeded(command: &mut Command) -> Output {
    let output = command.output().expect("mpirun is installed");
    assert!(output.status.success(), "{}", text(&output.stderr));
    output
}

/// All that a file says, but how long it took.
fn content(path: &Path) -> (Vec<(String, Matrix)>, Value) {
    let mut checkpoint = Checkpoint::load(path).unwrap();
    let epochs = checkpoint.metadata["fit"]["history"]["epochs"].as_array_mut();
    for epoch in epochs.unwrap() {
        epoch.as_object_mut().unwrap().remove("seconds");
    }
    (checkpoint.tensors, checkpoint.metadata)
}

/// What is shown, but how fast it was.
fn shown(output: &Output) -> String {
    let lines = text(&output.stdout).lines();
    let lines = lines.map(|line| line.rsplit_once("; ").map_or(line, |(line, _)| line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn one_two_and_four_ranks_learn_the_same() {
    let run = Run::new();
    let of = |count: usize| {
        let flags = ["--epochs", "3", "--dropout", "0.2", "--save", "model"];
        let shown = shown(&succeeded(&mut run.on_ranks(count, &flags)));
        (shown, content(&run.path("model")))
    };
    let one = of(1);
    assert_eq!(one.0.matches("epoch").count(), 3 + 2, "{}", one.0); // and above two samples
    assert_eq!(of(2), one);
    assert_eq!(of(4), one);
}

/// A run of two ranks without end, once it has saved for the first time.
fn endless(run: &Run) -> Child {
    let flags = ["--epochs", "1000000", "--save", "model"];
    let mut command = run.on_ranks(2, &flags);
    let mpirun = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mpirun = mpirun.expect("mpirun is installed");
    wait_for(|| run.path("model").exists());
    mpirun
}

/// What a run says at its end, after which it can be resumed.
fn said_at_the_end(run: &Run, mpirun: Child) -> String {
    let start = Instant::now();
    let output = mpirun.wait_with_output().unwrap();
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(!output.status.success());
    let said = text(&output.stderr).to_string();
    assert!(!said.contains("panicked"), "{said}");
    let done = content(&run.path("model")).1["fit"]["history"]["epochs"].clone();
    let epochs = done.as_array().unwrap().len() + 1;
    let flags = ["--epochs", &epochs.to_string(), "--resume", "model"];
    succeeded(&mut run.on_ranks(2, &flags));
    said
}

#[test]
fn a_rank_that_is_killed_ends_all_and_the_last_checkpoint_is_whole() {
    let run = Run::new();
    let mpirun = endless(&run);
    assert!(kill("-KILL", last_child(mpirun.id())));
    let said = said_at_the_end(&run, mpirun);
    assert_eq!(said.matches("signal 9").count(), 1, "{said}");
}

#[test]
fn all_stop_and_save_when_mpirun_is_asked_to_end() {
    let run = Run::new();
    let mpirun = endless(&run);
    assert!(kill("-TERM", mpirun.id()));
    let said = said_at_the_end(&run, mpirun);
    assert_eq!(
        said.matches("stopped: --resume goes on").count(),
        1,
        "{said}"
    );
}

#[test]
fn what_is_wrong_is_said_once() {
    let run = Run::new();
    for (count, flags, expected) in [
        (2, ["--save", "missing/model"], "--save: "),
        (
            5,
            ["--epochs", "1"],
            "--parts 4: each of the 5 ranks is to have one",
        ),
    ] {
        let output = run.on_ranks(count, &flags).output().unwrap();
        let said = text(&output.stderr);
        assert!(!output.status.success());
        assert_eq!(said.matches("error: ").count(), 1, "{said}");
        assert!(said.contains(expected), "{said}");
    }
}

fn wait_for(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(20));
    }
}

/// The last process that this one has started.
fn last_child(parent: u32) -> u32 {
    let parent = parent.to_string();
    let output = Command::new("ps")
        .args(["-o", "pid=", "--ppid", &parent])
        .output();
    let children = String::from_utf8(output.unwrap().stdout).unwrap();
    children.split_whitespace().last().unwrap().parse().unwrap()
}
