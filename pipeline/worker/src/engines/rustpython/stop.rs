//! Ends a program that has reached a limit, or its own process, whatever it catches. Called where a limit is noticed:
//! `probe`, `stdio`, `numbers`, `labels` and `render`; by `exits`; and by `job`, which asks how it ended.
//!
//! The engine drops its trace function when that raises, so a bare `except:` around an endless loop would go on
//! unseen. A user signal is checked before every instruction, so one is sent again and again: each instruction raises,
//! handlers and `finally` blocks included, and every frame ends after as many instructions as it has handlers.

use std::cell::{Cell, RefCell};

use rustpython_vm::{
    PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyTypeRef},
    signal::{UserSignalReceiver, UserSignalSender, user_signal_channel},
};
use tracemill_trace::{Exception, Outcome};

use super::units;

/// Raises after which the interpreter is given up: the program unwinds, but not into a state to trust.
const TOO_MANY: u32 = 1_000;

/// Of the work that a product is, for each step that is charged.
const UNITS_A_STEP: u64 = 250;

thread_local! {
    static OUTCOME: Cell<Option<Outcome>> = const { Cell::new(None) };
    /// What the program said when it ended its own process.
    static EXIT: RefCell<Option<Exception>> = const { RefCell::new(None) };
    static RAISES: Cell<u32> = const { Cell::new(0) };
    static FOREIGN: Cell<bool> = const { Cell::new(false) };
    static OWED: Cell<u64> = const { Cell::new(0) };
    static SENDER: RefCell<Option<UserSignalSender>> = const { RefCell::new(None) };
    static CLASS: RefCell<Option<PyTypeRef>> = const { RefCell::new(None) };
}

/// Makes the channel for this thread's interpreter, which takes the receiving end.
pub(super) fn channel() -> UserSignalReceiver {
    let (sender, receiver) = user_signal_channel();
    SENDER.set(Some(sender));
    CLASS.set(None);
    receiver
}

/// Forgets the previous job.
pub(super) fn reset() {
    OUTCOME.set(None);
    EXIT.set(None);
    RAISES.set(0);
    FOREIGN.set(false);
    OWED.set(0);
}

/// Charges steps for a number of so many bits that the program has made. What it took to make it is time that no other
/// count sees, a second and more with numbers that memory has room for by the dozen: about as much as a product.
pub(super) fn charge(bits: u64) {
    let words = bits / 64;
    OWED.set(OWED.get().saturating_add(words.saturating_mul(words.isqrt()) / UNITS_A_STEP));
}

/// Steps charged since the last call.
#[inline]
pub(super) fn owed() -> u64 {
    OWED.take()
}

/// The limit that was reached, if one was.
pub(super) fn outcome() -> Option<Outcome> {
    OUTCOME.get()
}

/// The stop left the interpreter in a state that nobody looked at: library code was cut short, or it took too long.
pub(super) fn was_rough() -> bool {
    FOREIGN.get() || RAISES.get() >= TOO_MANY
}

/// Stops the program with this outcome; the first one counts. The exception is to be raised at once.
pub(super) fn begin(outcome: Outcome, vm: &VirtualMachine) -> PyBaseExceptionRef {
    if OUTCOME.get().is_none() {
        OUTCOME.set(Some(outcome));
    }
    again();
    exception(vm)
}

/// Stops the program because it ended its own process, unless it is being stopped already.
pub(super) fn exit(ending: Exception, vm: &VirtualMachine) -> PyBaseExceptionRef {
    if OUTCOME.get().is_none() {
        EXIT.set(Some(ending));
    }
    begin(Outcome::Exited, vm)
}

/// What the program said when it ended its own process, if it did.
pub(super) fn exited() -> Option<Exception> {
    EXIT.with_borrow(Clone::clone)
}

fn again() {
    SENDER.with_borrow(|sender| {
        if let Some(sender) = sender {
            // The receiver lives as long as the interpreter, which is running right now.
            let _ = sender.send(Box::new(raise));
        }
    });
}

fn raise(vm: &VirtualMachine) -> PyResult<()> {
    if OUTCOME.get().is_none() {
        // Left over from a job that has ended.
        return Ok(());
    }
    RAISES.set(RAISES.get().saturating_add(1));
    let path = rustpython_vm::frame::current_code().map(|code| code.source_path().as_str().to_owned());
    if !matches!(path.as_deref(), Some(units::UNIT | units::SETUP | units::CALL | units::CHECK)) {
        FOREIGN.set(true);
    }
    again();
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
