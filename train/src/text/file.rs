//! [`read_text_file`]: one file as a text.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::TextError;

/// What a file compressed by gzip begins with (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The text of a file, compressed by gzip or not, whatever its name. A byte-order mark that it begins with is no part
/// of the text.
///
/// ```no_run
/// for line in train::read_text_file("train.en.gz")?.lines() {
///     println!("{line}");
/// }
/// # Ok::<(), train::TextError>(())
/// ```
///
/// # Errors
/// If it is missing, cannot be read, is compressed and cut off or damaged, or is not UTF-8.
pub fn read_text_file(path: impl AsRef<Path>) -> Result<String, TextError> {
    let path = path.as_ref();
    let mut bytes = fs::read(path).map_err(|e| unreadable(path, e))?;
    if bytes.starts_with(&GZIP) {
        bytes = unpacked(&bytes).map_err(|source| TextError::Gzip {
            path: path.into(),
            source,
        })?;
    }
    let mut text = String::from_utf8(bytes).map_err(|e| {
        let offset = e.utf8_error().valid_up_to();
        let before = &e.as_bytes()[..offset];
        TextError::NotUtf8 {
            path: path.into(),
            offset,
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
        }
    })?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// Files of gzip may follow on one another in one.
fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

pub(super) fn unreadable(path: &Path, source: io::Error) -> TextError {
    let path = path.to_path_buf();
    TextError::Read { path, source }
}
