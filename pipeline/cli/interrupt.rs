//! Ctrl-C and SIGTERM: the first requests a stop, the second ends the process at once. Called by long commands.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cancel::Cancel;
use crate::cli::Exit;
use crate::error::Error;

/// A flag that Ctrl-C and SIGTERM set from now on.
pub(super) fn watch() -> anyhow::Result<Cancel> {
    let cancel = Cancel::default();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the shutdown looks at the flag as it was before this signal.
        flag::register_conditional_shutdown(signal, Exit::Interrupted as i32, cancel.flag())
            .and_then(|_| flag::register(signal, cancel.flag()))
            .context("failed to watch for signals")?;
    }
    Ok(cancel)
}

/// Clears the request to stop: a prompt continues after a stopped query.
pub(super) fn clear(cancel: &Cancel) {
    cancel.flag().store(false, Ordering::SeqCst);
}

/// Reports the interruption of a command that cannot be resumed, without the hint to run it again.
pub(super) fn without_resume_hint(result: anyhow::Result<Exit>) -> anyhow::Result<Exit> {
    match result {
        Err(error) if error.chain().any(|cause| matches!(cause.downcast_ref(), Some(Error::Cancelled))) => {
            // Standard error may be closed; the exit code tells it too.
            let _ = writeln!(std::io::stderr(), "tracemill: interrupted");
            Ok(Exit::Interrupted)
        }
        result => result,
    }
}

/// Ignores Ctrl-C, so that another process handles it.
pub(super) fn ignore() -> anyhow::Result<()> {
    flag::register(SIGINT, Arc::new(AtomicBool::new(false))).context("failed to ignore a signal")?;
    Ok(())
}
