//! The examples as programs that a test runs.

use std::path::PathBuf;
use std::process::Command;

/// Sends a signal, such as "-INT", to a process, and tells whether that was still there.
pub fn kill(signal: &str, process: u32) -> bool {
    let mut kill = Command::new("kill");
    let status = kill.args([signal, &process.to_string()]).status();
    status.unwrap().success()
}

/// An example, built with the test that asks: `cargo test --test …` by itself builds none.
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap(); // target/debug/deps/char_rnn-…
    let folder = |above: usize| test.ancestors().nth(above).unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--example", name]);
    build.arg("--target-dir").arg(folder(3));
    if cfg!(feature = "mpi") {
        build.args(["--features", "mpi"]); // as the test was
    }
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success());
    folder(2).join("examples").join(name)
}
