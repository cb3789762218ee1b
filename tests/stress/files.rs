//! A disk that is full, and a folder that nothing can be written to.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;
use train::prelude::*;

use crate::programs::example;

/// A small model of "text".
pub const TINY: &str = "--text text --hidden 6 --batch 4 --steps 5 --cell gru --threads 1";

/// A program that trains and saves.
pub static CHAR_RNN: LazyLock<PathBuf> = LazyLock::new(|| example("char_rnn"));
/// A program that writes pictures.
static DRAW: LazyLock<PathBuf> = LazyLock::new(|| example("draw_sequences"));

/// A folder with a text in it.
pub fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let text = "the cat sat on the mat\n".repeat(20);
    fs::write(folder.path().join("text"), text).unwrap();
    folder
}

fn run(folder: &TempDir, program: &Path, arguments: &str) -> Output {
    let mut command = Command::new(program);
    let command = command.current_dir(folder).args(arguments.split(' '));
    command.output().unwrap()
}

/// The program where no file may have more than 4 blocks of 512 or 1024 bytes: what is beyond is refused to it
/// as on a full disk.
fn run_without_room(folder: &TempDir, program: &Path, arguments: &str) -> Output {
    let limited = r#"trap "" XFSZ; ulimit -f 4; exec "$0" "$@""#;
    let mut command = Command::new("sh");
    command.args(["-c", limited]).arg(program);
    let command = command.current_dir(folder).args(arguments.split(' '));
    command.output().unwrap()
}

/// The one line of what is wrong.
#[track_caller]
fn refusal(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

/// All files of a folder.
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    });
    files.collect()
}

#[test]
fn a_checkpoint_that_has_no_room_leaves_the_last_one() {
    let folder = folder();
    let first = run(
        &folder,
        &CHAR_RNN,
        &format!("{TINY} --epochs 1 --save model"),
    );
    assert!(first.status.success());
    let before = contents(folder.path());
    let resume = "--text text --resume model --epochs 9 --threads 1 --save model";
    let said = refusal(&run_without_room(&folder, &CHAR_RNN, resume));
    let expected = "error: cannot write checkpoint model: File too large";
    assert!(said.starts_with(expected), "{said}");
    assert!(contents(folder.path()) == before);
    Checkpoint::<f32>::load(folder.path().join("model")).unwrap();
    assert!(run(&folder, &CHAR_RNN, resume).status.success()); // with room again
}

#[test]
fn a_picture_that_has_no_room_leaves_the_last_one() {
    let folder = folder();
    let first = run(&folder, &DRAW, "--out pictures");
    assert!(first.status.success());
    let pictures = folder.path().join("pictures");
    let before = contents(&pictures);
    assert!(before.values().any(|picture| picture.len() > 4 * 1024));
    let said = refusal(&run_without_room(&folder, &DRAW, "--out pictures"));
    let expected = "error: --out: cannot write result pictures/";
    assert!(
        said.starts_with(expected) && said.contains("File too large"),
        "{said}"
    );
    assert!(contents(&pictures) == before);
}

/// Who reads the output of a program that only draws and tells, has seen enough; or it goes to a full disk.
#[test]
fn an_output_that_is_gone_ends_a_program_in_a_line_or_none() {
    let folder = folder();
    let start = |to: Stdio| {
        let mut command = Command::new(&*DRAW);
        let command = command.current_dir(&folder).args(["--out", "pictures"]);
        command.stdout(to).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut child = start(Stdio::piped());
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    if cfg!(target_os = "linux") {
        let full: File = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let said = refusal(&start(full.into()).wait_with_output().unwrap());
        let expected = "error: cannot write to standard output: No space left";
        assert!(said.starts_with(expected), "{said}");
    }
}

/// In /proc not even root can make a file; and below a file there is none.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_to_is_told_before_the_work() {
    let folder = folder();
    for place in ["/proc/self/model", "text/model"] {
        let output = run(&folder, &CHAR_RNN, &format!("{TINY} --save {place}"));
        let expected = format!("error: --save: cannot write checkpoint {place}: ");
        let said = refusal(&output);
        assert!(said.starts_with(&expected), "{said}");
        assert!(output.stdout.is_empty());
    }
    for place in ["/proc/self", "text", "text/pictures"] {
        let output = run(&folder, &DRAW, &format!("--out {place}"));
        let said = refusal(&output);
        assert!(
            said.starts_with(&format!("error: --out {place}: ")),
            "{said}"
        );
        assert!(!said.contains("partial"), "{said}");
        assert!(output.stdout.is_empty());
    }
}
