//! What a checkpoint may take the place of, and what stays of what was there.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;
use train::prelude::*;

fn checkpoint(x: f32) -> Checkpoint {
    let mut set = ParameterSet::new();
    set.add("rnn1.W", Matrix::filled(2, 3, x));
    Checkpoint::of(&set, json!({ "x": x }))
}

/// A folder with a checkpoint "old" and a text "text" in it.
fn folder() -> (TempDir, impl Fn(&str) -> PathBuf) {
    let folder = TempDir::new().unwrap();
    let root = folder.path().to_path_buf();
    checkpoint(1.0).save(root.join("old")).unwrap();
    fs::write(root.join("text"), "Once upon a time, and it was long ago.").unwrap();
    (folder, move |name| root.join(name))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The one-line error of asking, which is that of saving.
#[track_caller]
fn refusal(path: &Path, replaced: Replace) -> String {
    let asked = replaced.check(path).unwrap_err().to_string();
    let saved = checkpoint(2.0).save_with(path, replaced).unwrap_err();
    assert_eq!(asked, saved.to_string());
    assert!(!asked.contains('\n'), "{asked}");
    asked.replace(&format!("{}/", path.parent().unwrap().display()), "")
}

fn load(path: &Path) -> Checkpoint {
    Checkpoint::load(path).unwrap()
}

#[test]
fn a_text_is_replaced_only_if_that_is_forced() {
    let (_folder, at) = folder();
    let text = fs::read(at("text")).unwrap();
    let expected = "text is there, is not a checkpoint, and is replaced only if that is forced";
    assert_eq!(refusal(&at("text"), Replace::Checkpoint), expected);
    assert_eq!(fs::read(at("text")).unwrap(), text);
    for other in [
        &b""[..],
        &[0; 8],
        &[0; 100],
        &[255; 100],
        b"\x02\0\0\0\0\0\0\0{}",
    ] {
        fs::write(at("other"), other).unwrap();
        assert!(refusal(&at("other"), Replace::Checkpoint).contains("is not a checkpoint"));
    }
    Replace::AnyFile.check(at("text")).unwrap();
    assert_eq!(fs::read(at("text")).unwrap(), text);
    checkpoint(2.0)
        .save_with(at("text"), Replace::AnyFile)
        .unwrap();
    assert_eq!(load(&at("text")), checkpoint(2.0));
}

#[test]
fn a_damaged_checkpoint_is_still_ours() {
    let (_folder, at) = folder();
    let mut bytes = fs::read(at("old")).unwrap();
    bytes.pop();
    fs::write(at("old"), bytes).unwrap();
    checkpoint(2.0).save(at("old")).unwrap();
    assert_eq!(load(&at("old")), checkpoint(2.0));
}

#[test]
fn what_is_no_file_is_never_replaced() {
    let (_folder, at) = folder();
    fs::create_dir(at("directory")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(at("fifo"))
            .status()
            .unwrap()
            .success()
    );
    let _socket = UnixListener::bind(at("socket")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    symlink("fifo", at("link")).unwrap();
    for replaced in [Replace::Checkpoint, Replace::AnyFile] {
        let refusal = |name| refusal(&at(name), replaced);
        assert_eq!(
            refusal("directory"),
            "directory is a directory, and a checkpoint is a file"
        );
        assert_eq!(
            refusal("fifo"),
            "fifo is a FIFO, and a checkpoint is a file"
        );
        assert_eq!(
            refusal("link"),
            "link is a FIFO, and a checkpoint is a file"
        );
        assert_eq!(
            refusal("socket"),
            "socket is a socket, and a checkpoint is a file"
        );
        assert_eq!(refusal("dangling"), "dangling is a link that leads nowhere");
        let device = replaced.check("/dev/null").unwrap_err().to_string();
        assert_eq!(device, "/dev/null is a device, and a checkpoint is a file");
    }
    let fifo = Checkpoint::<f32>::load(at("fifo")).unwrap_err().to_string();
    assert!(
        fifo.ends_with("fifo is a FIFO, and a checkpoint is a file"),
        "{fifo}"
    );
}

#[test]
fn a_link_stays_a_link_and_what_it_leads_to_is_replaced() {
    let (_folder, at) = folder();
    fs::create_dir(at("elsewhere")).unwrap();
    symlink("../old", at("elsewhere/link")).unwrap();
    symlink("elsewhere/link", at("link")).unwrap();
    checkpoint(2.0).save(at("link")).unwrap();
    assert_eq!(load(&at("old")), checkpoint(2.0));
    assert_eq!(
        fs::read_link(at("link")).unwrap(),
        Path::new("elsewhere/link")
    );
    assert_eq!(
        fs::read_link(at("elsewhere/link")).unwrap(),
        Path::new("../old")
    );
    assert_eq!(fs::read_dir(at("elsewhere")).unwrap().count(), 1);

    symlink("text", at("to_text")).unwrap();
    assert!(refusal(&at("to_text"), Replace::Checkpoint).starts_with("to_text is there, is not"));
    checkpoint(3.0)
        .save_with(at("to_text"), Replace::AnyFile)
        .unwrap();
    assert_eq!(fs::read_link(at("to_text")).unwrap(), Path::new("text"));
    assert_eq!(load(&at("text")), checkpoint(3.0));
}

#[test]
fn the_mode_stays() {
    let (_folder, at) = folder();
    for bits in [0o600, 0o640, 0o666] {
        set_mode(&at("old"), bits);
        checkpoint(2.0).save(at("old")).unwrap();
        assert_eq!(mode(&at("old")), bits);
    }
    fs::write(at("new"), "").unwrap(); // as the user's mask has it
    checkpoint(2.0).save(at("mine")).unwrap();
    assert_eq!(mode(&at("mine")), mode(&at("new")));
}

#[test]
fn a_read_only_file_is_replaced_only_if_that_is_forced() {
    let (_folder, at) = folder();
    set_mode(&at("old"), 0o444);
    let expected = "old is read-only, and is replaced only if that is forced";
    assert_eq!(refusal(&at("old"), Replace::Checkpoint), expected);
    assert_eq!(load(&at("old")), checkpoint(1.0));
    checkpoint(2.0)
        .save_with(at("old"), Replace::AnyFile)
        .unwrap();
    assert_eq!(
        (load(&at("old")), mode(&at("old"))),
        (checkpoint(2.0), 0o444)
    );
}

#[test]
fn asking_changes_nothing_and_tells_of_directories() {
    let (folder, at) = folder();
    let before = fs::metadata(at("old")).unwrap().modified().unwrap();
    Replace::Checkpoint.check(at("old")).unwrap();
    Replace::Checkpoint.check(at("new")).unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    assert_eq!(fs::metadata(at("old")).unwrap().modified().unwrap(), before);
    let error = Replace::Checkpoint
        .check(at("none/new"))
        .unwrap_err()
        .to_string();
    let expected = format!("there is no directory {}", at("none").display());
    assert!(error.ends_with(&expected), "{error}");
    assert!(Replace::Checkpoint.check(at("text/new")).is_err());
    for nothing in ["", "..", "/"] {
        assert!(Replace::AnyFile.check(nothing).is_err(), "{nothing:?}");
    }
}

#[test]
fn a_save_removes_what_a_killed_one_left() {
    let (folder, at) = folder();
    fs::write(at(".old.0123456789ab.partial"), "half of").unwrap();
    fs::write(at(".text.0123456789ab.partial"), "of another").unwrap();
    checkpoint(2.0).save(at("old")).unwrap();
    let names = fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, [".text.0123456789ab.partial", "old", "text"]);
}

#[test]
fn runs_that_save_in_one_place_at_once_do_not_disturb_each_other() {
    let (folder, at) = folder();
    let path = at("old");
    std::thread::scope(|threads| {
        for x in [2.0, 3.0, 4.0] {
            let path = &path;
            threads.spawn(move || (0..30).for_each(|_| checkpoint(x).save(path).unwrap()));
        }
    });
    let left = load(&path);
    assert!([2.0, 3.0, 4.0].iter().any(|&x| left == checkpoint(x)));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}
