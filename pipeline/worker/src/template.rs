//! A template: a process whose engine has started and that never runs a byte of a program. It forks the processes that
//! do, one at a time, on requests of the supervisor. So each of them starts from a state that no program has touched.
//!
//! ```text
//! supervisor ──Begin, pipes──▶ template ──fork──▶ session ──fork──▶ run      (a unit forks its runs)
//!            ◀──Begun, Ended──                       ╰── replies, over pipes of its own ──▶ supervisor
//! ```
//!
//! A template's answers are trusted. The processes that it forks have other pipes, so they cannot answer for it or for
//! another run.

use std::{convert::Infallible, os::fd::OwnedFd};

use tracemill_trace::{Answer, Request, SessionKind};

use crate::{
    engine::{Engine, EngineKind},
    error::{Error, Result},
    sandbox::{
        ProcessKind, Sandbox,
        channel::Channel,
        fork::{self, Forked, Side},
        huge_pages,
    },
    session::{self, Pipes},
};

/// Serves requests until the supervisor closes its end, and then ends the process.
///
/// # Errors
/// The socket fails, or a request is none.
pub(crate) fn serve(
    kind: &EngineKind,
    engine: &mut dyn Engine,
    channel: &Channel,
    sandbox: &Sandbox,
) -> Result<Infallible> {
    let layers = (sandbox.in_force(), sandbox.missing());
    channel.answer(&Answer::Ready { engine: kind.to_string(), layers: layers.0, missing: layers.1 })?;
    let mut child: Option<Forked> = None;
    let (mut is_preloaded, mut is_gathered) = (false, false);
    while let Some((request, descriptors)) = channel.receive()? {
        let answer = match request {
            Request::Begin { kind, imports } => {
                if let Some(child) = child.take() {
                    child.end_group(false);
                }
                let loaded = if imports && !is_preloaded { engine.preload() } else { Ok(()) };
                if !is_gathered || imports && !is_preloaded {
                    huge_pages::gather_heap();
                }
                is_gathered = true;
                is_preloaded |= imports;
                match loaded.and_then(|()| begin(engine, channel, sandbox, kind, descriptors)) {
                    Ok(forked) => {
                        child = Some(forked);
                        Answer::Begun
                    }
                    Err(error) => Answer::Refused { reason: reason(&error) },
                }
            }
            Request::End { waits } => Answer::Ended { status: child.take().map_or(-1, |child| child.end_group(waits)) },
        };
        channel.answer(&answer)?;
    }
    // Reaped here, its CPU time counts as this process's, and so as the supervisor's.
    if let Some(child) = child.take() {
        child.end_group(false);
    }
    fork::end(0)
}

/// Forks a process that serves jobs. The child does not come back.
fn begin(
    engine: &mut dyn Engine,
    channel: &Channel,
    sandbox: &Sandbox,
    kind: SessionKind,
    descriptors: Vec<OwnedFd>,
) -> Result<Forked> {
    let pipes = Pipes::new(descriptors)?;
    match fork::fork(true).map_err(Error::Control)? {
        Side::Parent(forked) => Ok(forked),
        Side::Child => {
            let confined = match kind {
                SessionKind::Sequence | SessionKind::Search => sandbox.confine(ProcessKind::Run),
                SessionKind::Unit => sandbox.confine(ProcessKind::Unit),
            };
            channel.forget();
            let served = confined.and_then(|()| match kind {
                SessionKind::Sequence => {
                    session::serve_sequence(engine, pipes, |engine, job, sink| engine.run(job, sink))
                }
                SessionKind::Search => {
                    session::serve_sequence(engine, pipes, |engine, job, sink| engine.run_candidate(job, sink))
                }
                SessionKind::Unit => session::serve_unit(engine, pipes, sandbox),
            });
            match served {
                Ok(()) => fork::end(0),
                Err(error) => {
                    eprintln!("{}", reason(&error));
                    fork::end(1)
                }
            }
        }
    }
}

/// An error with what lies below it, on one line.
fn reason(error: &Error) -> String {
    let mut text = format!("failed to {error}");
    let mut below = std::error::Error::source(error);
    while let Some(source) = below {
        text = format!("{text}: {source}");
        below = source.source();
    }
    text
}
