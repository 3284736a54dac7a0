//! The seam between the interpreter and the recorder: the object that instrumented code calls, and what it calls.
//!
//! A probe is a constant of the code. The code runs `~probe`, or `probe @ top` to hand over the stack's top; both come
//! here, on the thread that executes the frame, which waits meanwhile.

use std::{cell::RefCell, ops::ControlFlow, rc::Rc};

use rustpython_vm::{
    Context, Py, PyObject, PyPayload, PyResult, VirtualMachine,
    builtins::PyType,
    class::{PyClassImpl, StaticType},
    protocol::PyNumberMethods,
    pyclass,
    types::AsNumber,
};
use tracemill_trace::Outcome;

use super::{
    cover::Cover,
    labels::{self, Label},
    own_repr,
    recorder::Recorder,
    sets, stop,
    units::Layout,
};

/// Where a probe sits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Site {
    /// A frame starts.
    Call,
    /// A sleeping frame goes on.
    Resume,
    /// A line begins.
    Line,
    /// A line begins, and what follows is reached without a jump.
    LineByFalling,
    /// The line goes on, and what follows is reached without a jump.
    Falls,
    /// A line begins unless the probe before said that this is reached without a jump.
    LineUnlessFallen,
    /// A line begins if another one ran before.
    LineIfOther,
    /// An instruction is about to run, or has run; the stack's top, or another entry, is what it pushed.
    Instruction,
    /// A frame returns the stack's top.
    Return,
    /// A frame hands out the stack's top and sleeps.
    Yield,
    /// A bare `raise` is about to run.
    BareRaise,
    /// The exception on the stack's top was raised, and a handler will see it.
    Raise,
    /// The exception on the stack's top is taken by an `except` clause or a context manager.
    Handled,
    /// The exception on the stack's top was raised and leaves the frame.
    Unwind,
    /// The exception on the stack's top was raised before and leaves the frame.
    UnwindAgain,
    /// The number on the stack's top is the unit that raised the exception which is about to leave the frame.
    RaisedAt,
    /// The entry is the number of the unit that raised the exception which is about to be raised again and handled.
    RaisesAgain,
    /// The stack's top is what the loop will walk.
    Walks(u32),
    /// The stack's top is the loop's iterator.
    Begins(u32),
    /// The loop has drawn an item.
    Draw(u32),
    /// The loop, whose iterator the stack's second entry is, has drawn an item.
    DrawFrom(u32),
    /// A loop's iterator is exhausted.
    Exhausted,
    /// The stack's top, or another entry, is about to be read natively if it is a set.
    Reads,
    /// The entry is the set that is about to be updated.
    Updates,
    /// The entry is what it is about to be updated with.
    Adds,
    /// The point of this number is reached; `true` for one of a line.
    Point(u32, bool),
    /// The truth value on the stack's top leads to the point of this number where it is true, else to the next one.
    Decides(u32),
    /// The same of a value that is not `None`, or is.
    DecidesOnNone(u32),
}

impl Site {
    /// The frame runs on from where the probe sits: what came before has run.
    pub(super) fn is_passed(self) -> bool {
        !matches!(
            self,
            Site::Call
                | Site::Resume
                | Site::Falls
                | Site::Raise
                | Site::Unwind
                | Site::UnwindAgain
                | Site::RaisedAt
                | Site::RaisesAgain
                | Site::BareRaise
                | Site::Reads
                | Site::Updates
                | Site::Adds
                | Site::Point(..)
                | Site::Decides(_)
                | Site::DecidesOnNone(_)
        )
    }
}

/// A probe.
#[pyclass(name = "probe", module = false)]
pub(super) struct Probe {
    pub(super) layout: Rc<Layout>,
    pub(super) site: Site,
    /// The instruction that it is about.
    pub(super) op: u32,
    /// The instruction before which it sits.
    pub(super) place: u32,
    /// That instruction's line; 0 for none.
    pub(super) line: u32,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Probe").field("site", &self.site).finish_non_exhaustive()
    }
}

impl PyPayload for Probe {
    fn class(_: &Context) -> &'static Py<PyType> {
        Self::static_type()
    }
}

#[pyclass(with(AsNumber))]
impl Probe {}

impl AsNumber for Probe {
    fn as_number() -> &'static PyNumberMethods {
        static METHODS: PyNumberMethods = PyNumberMethods {
            invert: Some(|number, vm| called(number.obj, None, vm)),
            matrix_multiply: Some(|probe, top, vm| called(probe, Some(top), vm)),
            ..PyNumberMethods::NOT_IMPLEMENTED
        };
        &METHODS
    }
}

/// Makes the probes' class, once a thread.
pub(super) fn prepare() {
    thread_local! {
        static MADE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    }
    if !MADE.replace(true) {
        let _ = Probe::make_static_type();
    }
}

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
    /// What is reached of the unit is noted, steps are counted.
    Cover {
        /// What is reached.
        cover: Box<Cover>,
        /// Steps left.
        steps: u64,
    },
}

thread_local! {
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

/// Runs `run` with the events watched; gives the watch back.
pub(super) fn watched<T>(watch: Watch, vm: &VirtualMachine, run: impl FnOnce() -> T) -> (T, Option<Watch>) {
    let records = matches!(watch, Watch::Record { .. });
    WATCH.set(Some(watch));
    // Makes every frame own an object, through which its variables are read.
    vm.use_tracing.set(records);
    let result = run();
    vm.use_tracing.set(false);
    let mut watch = WATCH.take();
    if let Some(Watch::Record { recorder, .. }) = &mut watch {
        recorder.end(vm);
    }
    (result, watch)
}

/// Takes whatever watch a panic left behind.
pub(super) fn forget(vm: &VirtualMachine) {
    vm.use_tracing.set(false);
    drop(WATCH.take());
}

fn called(probe: &PyObject, top: Option<&PyObject>, vm: &VirtualMachine) -> PyResult {
    if let Some(probe) = probe.downcast_ref::<Probe>() {
        if matches!(probe.site, Site::BareRaise | Site::Reads | Site::Updates | Site::Adds) {
            match (probe.site, top) {
                // Or none of this frame's: one of another's may be what it raises.
                (Site::BareRaise, _) if vm.current_exception().is_none() => labels::note(Label::BareRaise),
                (Site::BareRaise, _) => {}
                (Site::Reads, Some(top)) => sets::readers::about_to_read(top, vm),
                (Site::Updates, Some(top)) => sets::makers::about_to_update(top),
                (_, Some(top)) => sets::makers::about_to_add(top, vm),
                (_, None) => {}
            }
            return Ok(vm.ctx.none());
        }
        if let Some(shown) = own_repr::watch(probe, vm) {
            return shown.map(|()| vm.ctx.none());
        }
        let flow = WATCH.with(|watch| match watch.try_borrow_mut() {
            Ok(mut watch) => watch.as_mut().map_or(ControlFlow::Continue(()), |watch| watch.probe(probe, top, vm)),
            // An object that died while the recorder worked runs code of the unit: it is no step of the program's.
            Err(_) => ControlFlow::Continue(()),
        });
        if let ControlFlow::Break(outcome) = flow {
            return Err(stop::begin(outcome, vm));
        }
    }
    Ok(vm.ctx.none())
}

impl Watch {
    #[inline]
    fn probe(&mut self, probe: &Probe, top: Option<&PyObject>, vm: &VirtualMachine) -> ControlFlow<Outcome> {
        // The exception that stops a program is ours, not an event of the program's.
        if stop::outcome().is_some() {
            return ControlFlow::Continue(());
        }
        match self {
            Watch::Record { recorder, steps } if probe.layout.is_unit => {
                recorder.probe(probe, top, vm)?;
                match steps.checked_sub(stop::owed()) {
                    Some(left) => {
                        *steps = left;
                        ControlFlow::Continue(())
                    }
                    None => ControlFlow::Break(Outcome::StepLimit),
                }
            }
            watch => {
                let steps = match watch {
                    Watch::Count { steps } | Watch::Record { steps, .. } => steps,
                    Watch::Cover { cover, steps } => {
                        cover.probe(probe.site, top, vm);
                        steps
                    }
                };
                if !matches!(
                    probe.site,
                    Site::Line
                        | Site::LineByFalling
                        | Site::LineUnlessFallen
                        | Site::LineIfOther
                        | Site::Point(_, true)
                ) {
                    return ControlFlow::Continue(());
                }
                match steps.checked_sub(1) {
                    Some(left) => {
                        *steps = left;
                        ControlFlow::Continue(())
                    }
                    None => ControlFlow::Break(Outcome::StepLimit),
                }
            }
        }
    }
}
