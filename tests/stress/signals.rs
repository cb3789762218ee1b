//! A run that is asked to end, or loses its terminal, saves first. What is asked to end again ends at once, and what it has
//! saved is whole.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rand::RngExt;
use tempfile::TempDir;
use train::prelude::*;

use crate::files::{CHAR_RNN, TINY, contents, folder};
use crate::programs::kill;

/// Signals end it as in a terminal, wherever the tests run.
const AS_IN_A_TERMINAL: [&str; 2] = ["env", "--default-signal=HUP,INT,TERM"];
const LONG: &str = "--epochs 500000 --save model";

/// The program, behind others such as `nohup`.
fn start(folder: &TempDir, behind: &[&str], arguments: &str) -> Child {
    let mut command = Command::new(AS_IN_A_TERMINAL[0]);
    command
        .arg(AS_IN_A_TERMINAL[1])
        .args(behind)
        .arg(&*CHAR_RNN);
    command.args(arguments.split(' ')).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.stderr(Stdio::piped()).spawn().unwrap()
}

/// [`start`], of a run that nobody reads and that is saved after each of its many epochs, when it was once.
fn running(folder: &TempDir, behind: &[&str]) -> Child {
    let mut child = start(folder, behind, &format!("{TINY} {LONG}"));
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    until_saved(folder);
    child
}

/// Waits for what must come soon.
#[track_caller]
fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "it does not come"
        );
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until the model is saved once more.
#[track_caller]
fn until_saved(folder: &TempDir) {
    let saved = || {
        fs::metadata(folder.path().join("model"))
            .and_then(|m| m.modified())
            .ok()
    };
    let before = saved();
    until(|| saved() != before);
}

fn send(signal: &str, child: &Child) {
    assert!(kill(signal, child.id()));
}

/// That the folder has a whole model and nothing beside it, and how many epochs that has seen.
#[track_caller]
fn epochs(folder: &Path) -> usize {
    let names: Vec<_> = contents(folder).into_keys().collect();
    assert_eq!(names, ["model", "text"]);
    let model = Checkpoint::<f32>::load(folder.join("model")).unwrap();
    let history = &model.metadata["fit"]["history"];
    history["epochs"].as_array().unwrap().len()
}

/// That it has saved and then ended.
#[track_caller]
fn assert_stopped(output: &Output, folder: &TempDir) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {said}", output.status);
    assert!(said.contains("stopped: --resume goes on"), "{said}");
    assert!(epochs(folder.path()) > 0);
}

#[test]
fn a_run_that_is_terminated_or_hung_up_on_saves() {
    for signal in ["-TERM", "-HUP", "-INT"] {
        let folder = folder();
        let child = running(&folder, &[]);
        send(signal, &child);
        assert_stopped(&child.wait_with_output().unwrap(), &folder);
    }
}

#[test]
fn a_run_under_nohup_goes_on_without_its_terminal() {
    let folder = folder();
    let child = running(&folder, &["nohup"]);
    send("-HUP", &child);
    (0..3).for_each(|_| until_saved(&folder));
    send("-TERM", &child);
    assert_stopped(&child.wait_with_output().unwrap(), &folder);
}

/// The terminal is gone as a whole: a signal, and nowhere to write to.
#[cfg(target_os = "linux")]
#[test]
fn a_run_that_loses_its_terminal_saves() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let [env, defaults] = AS_IN_A_TERMINAL;
    let program = CHAR_RNN.display();
    let run = format!("trap '' HUP; {env} {defaults} '{program}' {TINY} {LONG}; echo $? > ended");
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--command", &run, "/dev/null"]);
    terminal.env("SHELL", "/bin/sh").current_dir(&folder);
    let terminal = terminal.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    let mut terminal = terminal.unwrap();
    until(|| at("model").exists());
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    let ended = || fs::read_to_string(at("ended")).unwrap_or_default();
    until(|| ended().ends_with('\n'));
    // 2 where it had first seen that it cannot write a line any more.
    assert!(["0\n", "2\n"].contains(&ended().as_str()), "{}", ended());
    fs::remove_file(at("ended")).unwrap();
    assert!(epochs(folder.path()) > 0);
}

/// Two of the same signal, the second in a step that takes long. But of one lost terminal both the system and the shell
/// may tell.
#[test]
fn asked_again_it_ends_at_once() {
    let folder = folder();
    let text = "the cat sat on the mat\n".repeat(20_000);
    fs::write(folder.path().join("text"), text).unwrap();
    let long = "--text text --hidden 64 --batch 1 --steps 30000 --cell gru --threads 1";
    for (signal, code, by) in [("-INT", Some(130), None), ("-TERM", None, Some(15))] {
        let mut child = start(&folder, &[], &format!("{long} {LONG}"));
        let mut line = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap(); // what it is about to learn
        assert!(line.contains("parameters"), "{line:?}");
        send("-HUP", &child);
        send("-HUP", &child);
        thread::sleep(Duration::from_millis(50));
        assert!(child.try_wait().unwrap().is_none());
        send(signal, &child);
        let status = child.wait().unwrap();
        assert_eq!((status.code(), status.signal()), (code, by));
    }
}

/// Wherever that is: each epoch takes a millisecond or two, and is saved.
#[test]
fn ctrl_c_twice_leaves_a_whole_model() {
    let folder = folder();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut at_once = 0;
    for _ in 0..12 {
        let child = running(&folder, &[]);
        thread::sleep(Duration::from_micros(rng.random_range(0..20_000)));
        send("-INT", &child);
        kill("-INT", child.id()); // or it has ended
        let output = child.wait_with_output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 130)), "{output:?}");
        at_once += usize::from(output.status.code() == Some(130));
        Checkpoint::<f32>::load(folder.path().join("model")).unwrap();
    }
    println!("{at_once} of 12 ended at once");
    let child = running(&folder, &[]);
    send("-TERM", &child);
    assert_stopped(&child.wait_with_output().unwrap(), &folder);
}
