//! Files: what is at a path, how its name is shown, and how a file is replaced by a whole new one.

mod error;
mod escaped;
#[cfg(test)]
mod faults;
mod kind;
mod replace;
mod system;
mod whole;

pub use error::FileError;
pub use escaped::escaped;
pub use kind::FileKind;
pub(crate) use replace::{can_replace, folder_of, replace};
pub(crate) use system::Disk;
pub(crate) use whole::{Target, read, unwritable, write};
