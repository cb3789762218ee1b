//! [`interrupted`]: a program that is asked to end.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, OnceLock};

use super::{Outcome, note};

static FLAG: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// A flag that is set when the program is asked to end, for [`Fit::stop_when`](crate::Fit::stop_when): by
/// Ctrl-C; by SIGTERM, as by a shutdown or a cluster whose time is up; by SIGHUP, as by a terminal that is lost.
/// Ctrl-C or SIGTERM after that ends the program at once.
///
/// SIGHUP stays ignored where it was: under `nohup` the program goes on without its terminal.
///
/// # Errors
/// If the program handles Ctrl-C in another way already.
pub fn interrupted() -> Outcome<&'static AtomicBool> {
    static HANDLERS: OnceLock<Result<(), String>> = OnceLock::new();
    let set = || {
        ctrlc::set_handler(ctrl_c).map_err(|e| format!("Ctrl-C: {e}"))?;
        #[cfg(unix)]
        unix::set_handlers().map_err(|e| format!("SIGTERM and SIGHUP: {e}"))?;
        Ok(())
    };
    HANDLERS.get_or_init(set).clone()?;
    Ok(&FLAG)
}

fn ctrl_c() {
    if FLAG.swap(true, Relaxed) {
        process::exit(130); // 128 + SIGINT, as shells have it
    }
    note("stopping after this mini-batch; Ctrl-C again ends at once");
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::mem::MaybeUninit;
    use std::ptr;
    use std::sync::Arc;

    use signal_hook::consts::{SIGHUP, SIGTERM};
    use signal_hook::flag::{register, register_conditional_default};

    use super::FLAG;

    pub fn set_handlers() -> io::Result<()> {
        register_conditional_default(SIGTERM, Arc::clone(&FLAG))?; // before what sets the flag
        register(SIGTERM, Arc::clone(&FLAG))?;
        // However often it comes: of one lost terminal the kernel tells, and the shell once more.
        if !is_ignored(SIGHUP) {
            register(SIGHUP, Arc::clone(&FLAG))?;
        }
        Ok(())
    }

    #[allow(unsafe_code)] // only C tells what is done about a signal now
    fn is_ignored(signal: i32) -> bool {
        let mut found = MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: without an action to be set, the call writes the present one, and changes nothing.
        let asked = unsafe { libc::sigaction(signal, ptr::null(), found.as_mut_ptr()) };
        // SAFETY: it was written where the call has succeeded.
        asked == 0 && unsafe { found.assume_init() }.sa_sigaction == libc::SIG_IGN
    }
}
