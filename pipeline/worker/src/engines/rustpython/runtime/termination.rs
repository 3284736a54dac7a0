//! Ends a program that has reached a limit or ends its own process, whatever it catches. Called where a limit is
//! reached, by `process_exit`, and by `job` to learn how the program ended.
//!
//! A trace function that raises is dropped by the interpreter, so a bare `except:` in an endless loop would go on
//! unobserved. A user signal is checked before every instruction. So one is sent again and again: each instruction
//! raises, also in handlers and `finally` blocks, and every frame ends after as many instructions as it has handlers.

use std::cell::RefCell;

use rustpython_vm::{
    PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyTypeRef},
    signal::{UserSignalReceiver, UserSignalSender, user_signal_channel},
};
use tracemill_trace::{Exception, Outcome};

use super::code_origin;
use crate::engines::rustpython::job_state;

/// Raises after which the interpreter is given up. The program unwinds, but the state of the interpreter is not
/// trusted.
const MAX_RAISES: u32 = 1_000;

/// Work of a multiplication for each step that is charged.
const UNITS_A_STEP: u64 = 250;

thread_local! {
    // Both belong to the interpreter of this thread.
    static SENDER: RefCell<Option<UserSignalSender>> = const { RefCell::new(None) };
    static CLASS: RefCell<Option<PyTypeRef>> = const { RefCell::new(None) };
}

/// Makes the channel for this thread's interpreter, which takes the receiving end.
pub(crate) fn channel() -> UserSignalReceiver {
    let (sender, receiver) = user_signal_channel();
    SENDER.set(Some(sender));
    CLASS.set(None);
    receiver
}

/// Charges steps for a number of this many bits that the program has computed. No other limit counts the time of such a
/// computation, which may exceed a second for numbers that fit into memory dozens of times. The charge equals the work
/// of about one multiplication.
pub(crate) fn charge(bits: u64) {
    let words = bits / 64;
    let steps = words.saturating_mul(words.isqrt()) / UNITS_A_STEP;
    job_state::with(|job| {
        let owed = &job.termination.owed_steps;
        owed.set(owed.get().saturating_add(steps));
    });
}

/// Takes the steps charged since the last call.
#[inline]
pub(crate) fn take_owed_steps() -> u64 {
    job_state::with(|job| job.termination.owed_steps.take())
}

/// Whether the job, or code that ran besides it such as a check, was stopped.
pub(crate) fn was_stopped() -> bool {
    outcome().is_some() || job_state::with(|job| job.other_was_stopped.get())
}

/// The limit that was reached, if one was.
#[inline]
pub(crate) fn outcome() -> Option<Outcome> {
    job_state::with(|job| job.termination.outcome.get())
}

/// Whether the stop left the interpreter in an unchecked state: library code was cut short, or the stop took too long.
pub(crate) fn left_unclean_state() -> bool {
    job_state::with(|job| job.termination.cut_library.get() || job.termination.raises.get() >= MAX_RAISES)
}

/// Stops the program with this outcome; the first one counts. The exception is to be raised at once.
pub(crate) fn stop(outcome: Outcome, vm: &VirtualMachine) -> PyBaseExceptionRef {
    job_state::with(|job| {
        let known = &job.termination.outcome;
        known.set(known.get().or(Some(outcome)));
    });
    signal_again();
    exception(vm)
}

/// Stops the program because it ended its own process, unless it is being stopped already.
pub(crate) fn exit(exception: Exception, vm: &VirtualMachine) -> PyBaseExceptionRef {
    if outcome().is_none() {
        job_state::with(|job| job.termination.exit.replace(Some(exception)));
    }
    stop(Outcome::Exited, vm)
}

/// How the program ended its own process; `None` if it did not.
pub(crate) fn process_exit() -> Option<Exception> {
    job_state::with(|job| job.termination.exit.borrow().clone())
}

fn signal_again() {
    SENDER.with_borrow(|sender| {
        if let Some(sender) = sender {
            // The receiver lives as long as the interpreter, which is running right now.
            let _ = sender.send(Box::new(raise));
        }
    });
}

fn raise(vm: &VirtualMachine) -> PyResult<()> {
    if outcome().is_none() {
        // Left over from a job that has ended.
        return Ok(());
    }
    let is_own =
        rustpython_vm::frame::current_code().is_some_and(|code| code_origin::is_of_job(code.source_path().as_str()));
    job_state::with(|job| {
        let termination = &job.termination;
        termination.raises.set(termination.raises.get().saturating_add(1));
        termination.cut_library.set(termination.cut_library.get() || !is_own);
    });
    signal_again();
    Err(exception(vm))
}

fn exception(vm: &VirtualMachine) -> PyBaseExceptionRef {
    let class = CLASS.with_borrow_mut(|class| {
        class
            .get_or_insert_with(|| {
                vm.ctx.new_exception_type(
                    "builtins",
                    "Stopped",
                    Some(vec![vm.ctx.exceptions.base_exception_type.to_owned()]),
                )
            })
            .clone()
    });
    vm.new_exception_empty(class)
}
