//! [`replace`]: a file becomes another as a whole, or stays what it is.
//!
//! The new one is written beside the old one, as ".name.XXXXXXXXXXXX.partial", made durable, and then takes
//! its name. Its writer holds it locked. The lock ends with the process, however that ends: so a file of
//! such a name that nobody has locked was left by a run that was killed, and the next one removes it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::system::FileSystem;

const SUFFIX: &str = ".partial";
/// How many letters and digits tell the temporary files of one target apart.
const DRAWN: usize = 12;

/// Replaces the file, or makes it. Where there are permissions, they become the file's.
///
/// # Errors
/// If a step fails. There is then the old file or the new one, and no temporary one.
pub(crate) fn replace(
    files: &impl FileSystem,
    target: &Path,
    permissions: Option<Permissions>,
    bytes: &[u8],
) -> io::Result<()> {
    remove_left(target);
    let mut temporary = temporary(files, target)?;
    if let Some(permissions) = permissions {
        files.set_permissions(temporary.as_file(), permissions)?;
    }
    temporary.as_file_mut().write_all(bytes)?;
    files.sync(temporary.as_file())?;
    files.rename(temporary.path(), target)?;
    temporary.disable_cleanup(true); // there is none of this name any more
    files.sync_directory(folder_of(target))
}

/// Whether a file can be written beside the target.
pub(crate) fn can_replace(files: &impl FileSystem, target: &Path) -> io::Result<()> {
    temporary(files, target).map(drop)
}

/// The directory that a file is in.
pub(crate) fn folder_of(file: &Path) -> &Path {
    let parent = file.parent().filter(|p| !p.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// A new file beside the target, that is removed when it is dropped.
fn temporary<F: FileSystem>(files: &F, target: &Path) -> io::Result<NamedTempFile<F::File>> {
    let names_none = || io::Error::new(io::ErrorKind::InvalidInput, "the path names no file");
    let prefix = prefix(target.file_name().ok_or_else(names_none)?);
    tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(SUFFIX)
        .rand_bytes(DRAWN)
        .make_in(folder_of(target), |path| files.create(path))
}

/// ".name."
fn prefix(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    prefix
}

/// Removes the target's temporary files that nobody is writing. They are in nobody's way, so what
/// cannot be removed stays.
fn remove_left(target: &Path) {
    let (Some(name), Ok(entries)) = (target.file_name(), fs::read_dir(folder_of(target))) else {
        return;
    };
    for entry in entries.flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && is_temporary_of(&entry.file_name(), name) {
            // Locked until it is gone: a save that has just made it would else lock it in between.
            if let Ok(file) = File::open(entry.path())
                && file.try_lock().is_ok()
            {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn is_temporary_of(found: &OsStr, name: &OsStr) -> bool {
    let drawn = found
        .as_encoded_bytes()
        .strip_prefix(prefix(name).as_encoded_bytes())
        .and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    drawn.is_some_and(|d| d.len() == DRAWN && d.iter().all(u8::is_ascii_alphanumeric))
}
