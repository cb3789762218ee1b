//! Whatever fails while a file is replaced, there is the old file or the new one, and nothing beside it.

use std::cell::Cell;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use tempfile::TempDir;

use super::replace::{can_replace, replace};
use super::system::{Disk, FileSystem};

/// The calls that can fail, in their order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    Create,
    SetPermissions,
    Sync,
    Rename,
    SyncDirectory,
}

const CALLS: [Call; 5] = [
    Call::Create,
    Call::SetPermissions,
    Call::Sync,
    Call::Rename,
    Call::SyncDirectory,
];

/// The disk, but for one call that fails, and with room for so many bytes only.
struct Faulty {
    failing: Option<Call>,
    room: usize,
    /// The most that a write takes: the system may take less than it is given.
    most: usize,
}

impl Faulty {
    fn call(&self, call: Call) -> io::Result<()> {
        match self.failing {
            Some(failing) if failing == call => Err(io::Error::other(format!("{call:?} fails"))),
            _ => Ok(()),
        }
    }
}

struct FaultyFile {
    file: File,
    room: Cell<usize>,
    most: usize,
}

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room.get();
        if room == 0 && !bytes.is_empty() {
            return Err(ErrorKind::StorageFull.into());
        }
        let taken = self
            .file
            .write(&bytes[..bytes.len().min(room).min(self.most)])?;
        self.room.set(room - taken);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl FileSystem for Faulty {
    type File = FaultyFile;

    fn create(&self, path: &Path) -> io::Result<FaultyFile> {
        self.call(Call::Create)?;
        let (room, most) = (Cell::new(self.room), self.most);
        let file = Disk.create(path)?;
        Ok(FaultyFile { file, room, most })
    }

    fn set_permissions(&self, file: &FaultyFile, permissions: Permissions) -> io::Result<()> {
        self.call(Call::SetPermissions)?;
        Disk.set_permissions(&file.file, permissions)
    }

    fn sync(&self, file: &FaultyFile) -> io::Result<()> {
        self.call(Call::Sync)?;
        Disk.sync(&file.file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(Call::Rename)?;
        Disk.rename(from, to)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        self.call(Call::SyncDirectory)?;
        Disk.sync_directory(directory)
    }
}

const OLD: &[u8] = b"what was there before";
const NEW: &[u8] = b"what comes in its place, and is longer";

/// What is in a folder's only file, "target", after it was to be replaced; `None` if there is no file.
fn after(files: &Faulty, old: Option<&[u8]>) -> (io::Result<()>, Option<Vec<u8>>) {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("target");
    let permissions = old.map(|old| {
        fs::write(&target, old).unwrap();
        fs::metadata(&target).unwrap().permissions()
    });
    let outcome = replace(files, &target, permissions, NEW);
    let names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert!(names.iter().all(|name| name == "target"), "{names:?}");
    (outcome, fs::read(&target).ok())
}

#[test]
fn a_disk_that_is_full_after_any_number_of_bytes_keeps_the_old_file() {
    for (room, most) in (0..=NEW.len()).flat_map(|room| [(room, 1), (room, 7), (room, usize::MAX)])
    {
        for old in [Some(OLD), None] {
            let failing = None;
            let (outcome, found) = after(
                &Faulty {
                    failing,
                    room,
                    most,
                },
                old,
            );
            if room < NEW.len() {
                assert_eq!(outcome.unwrap_err().kind(), ErrorKind::StorageFull);
                assert_eq!(found.as_deref(), old, "after {room} bytes");
            } else {
                outcome.unwrap();
                assert_eq!(found.as_deref(), Some(NEW));
            }
        }
    }
}

#[test]
fn any_call_that_fails_leaves_the_old_file_or_the_new_one() {
    for call in CALLS {
        let files = Faulty {
            failing: Some(call),
            room: usize::MAX,
            most: usize::MAX,
        };
        let (outcome, found) = after(&files, Some(OLD));
        assert_eq!(outcome.unwrap_err().to_string(), format!("{call:?} fails"));
        let is_renamed = call == Call::SyncDirectory;
        assert_eq!(
            found.as_deref(),
            Some(if is_renamed { NEW } else { OLD }),
            "{call:?}"
        );
    }
}

#[test]
fn asking_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("target");
    can_replace(&Disk, &target).unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    assert!(can_replace(&Disk, &folder.path().join("none/target")).is_err());
    assert!(can_replace(&Disk, Path::new("..")).is_err());
}

/// What [`replace`] has left in a folder where these files were.
fn left_of(names: &[&str]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    names
        .iter()
        .for_each(|name| fs::write(folder.path().join(name), "").unwrap());
    replace(&Disk, &folder.path().join("target"), None, NEW).unwrap();
    let entries = fs::read_dir(&folder).unwrap();
    let mut left: Vec<_> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    left
}

#[test]
fn what_a_killed_run_left_is_removed_and_nothing_else() {
    assert_eq!(
        left_of(&[
            ".target.0123456789aZ.partial",
            ".target.abcdefghijkl.partial"
        ]),
        ["target"]
    );
    let others = [
        ".other.0123456789aZ.partial",
        ".target.0123456789a.partial",
        ".target.0123456789_Z.partial",
        ".target.b.0123456789aZ.partial",
        ".target.partial",
        "target.0123456789aZ.partial",
    ];
    let mut expected = others.to_vec();
    expected.push("target");
    expected.sort_unstable();
    assert_eq!(left_of(&others), expected);
}

#[test]
fn what_another_run_is_writing_stays() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("target");
    let partial = folder.path().join(".target.0123456789aZ.partial");
    let writing = Disk.create(&partial).unwrap();
    replace(&Disk, &target, None, NEW).unwrap();
    assert!(partial.exists());
    drop(writing);
    replace(&Disk, &target, None, NEW).unwrap();
    assert!(!partial.exists());
}
