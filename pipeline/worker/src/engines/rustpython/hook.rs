//! The seam between the interpreter and the recorder: a native trace function. Another mechanism can take its place.
//!
//! The interpreter calls [`trace`] for `call`, `line`, `return` and `exception`. Frames of other files get no local
//! trace function, so they cost one call event each.

use std::{cell::RefCell, ops::ControlFlow};

use rustpython_vm::{
    PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyBaseException, PyStr, PyTuple},
    frame::FrameObject,
    function::FuncArgs,
};
use tracemill_trace::Outcome;

use super::{
    recorder::{Moment, Recorder},
    stop, units,
};

/// What is done with the events.
pub(super) enum Watch {
    /// Steps are counted, nothing is recorded: set-up and check.
    Count {
        /// Steps left.
        steps: u64,
    },
    /// The unit's events are recorded, steps of the set-up's functions are counted.
    Record {
        /// The recorder.
        recorder: Box<Recorder>,
        /// Steps left outside the unit.
        steps: u64,
    },
}

thread_local! {
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

/// Runs `run` with the events watched; gives the watch back.
pub(super) fn watched<T>(watch: Watch, vm: &VirtualMachine, run: impl FnOnce() -> T) -> (T, Option<Watch>) {
    WATCH.set(Some(watch));
    *vm.trace_func.borrow_mut() = vm.new_function("trace", trace).into();
    vm.use_tracing.set(true);
    let result = run();
    vm.use_tracing.set(false);
    *vm.trace_func.borrow_mut() = vm.ctx.none();
    (result, WATCH.take())
}

/// Takes whatever watch a panic left behind.
pub(super) fn forget(vm: &VirtualMachine) {
    vm.use_tracing.set(false);
    *vm.trace_func.borrow_mut() = vm.ctx.none();
    drop(WATCH.take());
}

fn trace(args: FuncArgs, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let [frame, event, argument] = args.args.as_slice() else { return Ok(vm.ctx.none()) };
    let (Some(frame), Some(event)) = (frame.downcast_ref::<FrameObject>(), event.downcast_ref::<PyStr>()) else {
        return Ok(vm.ctx.none());
    };
    let event = event.as_bytes();
    let path = frame.iframe().code().source_path().as_str();
    if event == b"call" && !units::is_own(path) {
        return Ok(vm.ctx.none());
    }
    let flow = WATCH.with_borrow_mut(|watch| match watch {
        None => ControlFlow::Continue(()),
        // The exception that stops a program is ours, not an event of the program's.
        Some(Watch::Record { .. }) if stop::outcome().is_some() => ControlFlow::Continue(()),
        Some(Watch::Record { recorder, .. }) if path == units::UNIT => match moment(event, argument) {
            Some(moment) => recorder.moment(moment, frame, vm),
            None => ControlFlow::Continue(()),
        },
        Some(Watch::Count { steps } | Watch::Record { steps, .. }) => match steps.checked_sub(1) {
            Some(left) => {
                *steps = left;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(Outcome::StepLimit),
        },
    });
    match flow {
        ControlFlow::Break(outcome) => Err(stop::begin(outcome, vm)),
        ControlFlow::Continue(()) if event == b"call" => Ok(vm.trace_func.borrow().clone()),
        ControlFlow::Continue(()) => Ok(vm.ctx.none()),
    }
}

fn moment<'a>(event: &[u8], argument: &'a PyObjectRef) -> Option<Moment<'a>> {
    Some(match event {
        b"call" => Moment::Enter,
        b"line" => Moment::Line,
        b"return" => Moment::Leave(argument),
        b"exception" => {
            let exception = argument.downcast_ref::<PyTuple>()?.as_slice().get(1)?;
            Moment::Exception(exception.downcast_ref::<PyBaseException>()?)
        }
        _ => return None,
    })
}
