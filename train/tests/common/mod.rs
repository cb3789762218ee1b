//! A Python to compare with, where there is one.

use std::io::{self, Write};
use std::process::Command;

/// A Python that has these modules: what `BPTT_PYTHON` names, or python3. Where there is none, a line says so.
pub fn python_with(modules: &[&str]) -> Option<String> {
    let python = std::env::var("BPTT_PYTHON").unwrap_or_else(|_| "python3".into());
    // Whether they are there, which is asked without the seconds that importing some of them takes.
    let program = "import sys; from importlib.util import find_spec; \
                   sys.exit(' and '.join('no ' + m for m in sys.argv[1:] if not find_spec(m)) or 0)";
    let asked = Command::new(&python)
        .args(["-c", program])
        .args(modules)
        .output();
    let reason = match asked {
        Ok(output) if output.status.success() => return Some(python),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_string(),
        Err(error) => error.to_string(),
    };
    // Past the harness, which keeps what a test prints that passes.
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test");
    writeln!(io::stderr(), "skipped: {test}: {python}: {reason}").expect("standard error is open");
    None
}

/// What a Python program prints.
pub fn output_of(command: &mut Command) -> String {
    let output = command.output().expect("it was there to be asked");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("it prints text")
}
