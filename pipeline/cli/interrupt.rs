//! Ctrl-C and SIGTERM: the first asks to stop, the second ends the process at once. Called by the commands that take
//! long.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cancel::Cancel;
use crate::cli::Exit;
use crate::error::Error;

/// A flag that is set from now on when the user asks to stop.
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

/// Forgets that the user asked: for a prompt, which goes on after the query that was stopped.
pub(super) fn forget(cancel: &Cancel) {
    cancel.flag().store(false, Ordering::SeqCst);
}

/// Ends a command that keeps nothing to go on from: the error that says how to go on does not suit it.
pub(super) fn plainly(result: anyhow::Result<Exit>) -> anyhow::Result<Exit> {
    match result {
        Err(error) if error.chain().any(|cause| matches!(cause.downcast_ref(), Some(Error::Cancelled))) => {
            // Standard error may be closed; the exit code tells it too.
            let _ = writeln!(std::io::stderr(), "tracemill: interrupted");
            Ok(Exit::Interrupted)
        }
        result => result,
    }
}

/// Leaves Ctrl-C to another process.
pub(super) fn ignore() -> anyhow::Result<()> {
    flag::register(SIGINT, Arc::new(AtomicBool::new(false))).context("failed to ignore a signal")?;
    Ok(())
}
