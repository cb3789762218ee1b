//! [`Out`]: the flag `--out`.

use std::env;
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Outcome;
use crate::escaped;
use crate::files::{Disk, can_replace, write};

/// Where a program writes its pictures.
#[derive(Args, Clone, Debug)]
pub struct Out {
    /// Folder to write pictures and results to
    #[arg(long = "out", value_name = "FOLDER", default_value_os_t = folder())]
    folder: PathBuf,
}

/// "target/gradients" for a program of that name.
fn folder() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    Path::new("target").join(program.file_stem().unwrap_or_default())
}

impl Out {
    /// Makes the folder, if it is not there, and tries whether a file can be made in it: to be asked before
    /// anything else.
    ///
    /// # Errors
    /// If it cannot.
    pub fn check(&self) -> Outcome {
        self.make()?;
        can_replace(&Disk, &self.path("result")).map_err(|e| self.unusable(&e))
    }

    fn make(&self) -> Outcome {
        fs::create_dir_all(&self.folder).map_err(|e| self.unusable(&e))
    }

    fn unusable(&self, error: &io::Error) -> Box<dyn Error + Send + Sync> {
        format!("--out {}: {error}", escaped(&self.folder)).into()
    }

    /// The path of a file there.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file, and gives its path for a report.
    ///
    /// # Errors
    /// If it cannot be written; an old file is then still there.
    pub fn write(&self, name: &str, content: impl ToString) -> Outcome<String> {
        self.write_bytes(name, content.to_string().as_bytes())
    }

    /// The same with bytes.
    ///
    /// # Errors
    /// As [`Out::write`].
    pub fn write_bytes(&self, name: &str, content: &[u8]) -> Outcome<String> {
        self.make()?;
        let path = self.path(name);
        let written = write(&path, "result", |_| Ok(true), content);
        written.map_err(|e| format!("--out: {e}"))?;
        Ok(escaped(&path))
    }
}
