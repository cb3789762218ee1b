//! [`FileKind`]: what is at a path.

use std::fmt;
use std::fs::Metadata;

/// What is at a path, all links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A file with bytes in it.
    File,
    /// A directory.
    Directory,
    /// A FIFO: whoever opens it waits for somebody at the other end.
    Fifo,
    /// A socket.
    Socket,
    /// A device.
    Device,
    /// Something else.
    Other,
}

impl FileKind {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        if metadata.is_file() {
            FileKind::File
        } else if metadata.is_dir() {
            FileKind::Directory
        } else {
            Self::special(metadata)
        }
    }

    #[cfg(unix)]
    fn special(metadata: &Metadata) -> Self {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            FileKind::Fifo
        } else if kind.is_socket() {
            FileKind::Socket
        } else if kind.is_char_device() || kind.is_block_device() {
            FileKind::Device
        } else {
            FileKind::Other
        }
    }

    #[cfg(not(unix))]
    fn special(_metadata: &Metadata) -> Self {
        FileKind::Other
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileKind::File => "a file",
            FileKind::Directory => "a directory",
            FileKind::Fifo => "a FIFO",
            FileKind::Socket => "a socket",
            FileKind::Device => "a device",
            FileKind::Other => "neither a file nor a directory",
        })
    }
}
