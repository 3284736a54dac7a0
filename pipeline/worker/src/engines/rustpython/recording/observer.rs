//! Observes a piece of a job while it runs: counts its steps, records its events, or notes what it covers. `job`
//! installs an observer for the length of one call; probes report to it.

use std::{cell::RefCell, ops::ControlFlow};

use rustpython_vm::{PyObject, PyResult, VirtualMachine};
use tracemill_trace::{Label, Outcome};

use super::{coverage::CoverageRecorder, recorder::Recorder};
use crate::engines::rustpython::{
    compatibility::set_order::{constructors, native_readers},
    instrumentation::{probe::Probe, site::Site},
    runtime::{labels, termination},
    values::program_repr::{self, Activity},
};

/// What happens to the reports of probes.
pub(crate) enum Observer {
    /// Steps are counted, nothing is recorded. For the set-up and the check.
    Count {
        /// Steps left.
        steps: u64,
    },
    /// Events of the unit are recorded, and steps of the set-up's functions are counted.
    Record {
        /// The recorder.
        recorder: Box<Recorder>,
        /// Steps left outside the unit.
        steps: u64,
    },
    /// Coverage of the unit is noted, and steps are counted.
    Cover {
        /// The recorder of coverage.
        coverage: Box<CoverageRecorder>,
        /// Steps left.
        steps: u64,
    },
}

thread_local! {
    /// The observer of what runs now.
    static OBSERVER: RefCell<Option<Observer>> = const { RefCell::new(None) };
}

/// Keeps an observer installed as long as it lives, also where the observed code panics.
struct Installed<'a> {
    vm: &'a VirtualMachine,
}

impl<'a> Installed<'a> {
    fn new(observer: Observer, vm: &'a VirtualMachine) -> Self {
        // Makes every frame own an object, through which its variables are read.
        vm.use_tracing.set(matches!(observer, Observer::Record { .. }));
        OBSERVER.set(Some(observer));
        Installed { vm }
    }

    /// Ends the observation and gives the observer back.
    fn remove(&self) -> Option<Observer> {
        self.vm.use_tracing.set(false);
        OBSERVER.take()
    }
}

impl Drop for Installed<'_> {
    fn drop(&mut self) {
        drop(self.remove());
    }
}

/// Runs `run` with its events observed; gives the observer back.
pub(crate) fn observe<T>(observer: Observer, vm: &VirtualMachine, run: impl FnOnce() -> T) -> (T, Option<Observer>) {
    let installed = Installed::new(observer, vm);
    let result = run();
    let mut observer = installed.remove();
    if let Some(Observer::Record { recorder, .. }) = &mut observer {
        recorder.end(vm);
    }
    (result, observer)
}

/// Takes what a probe reports. An error ends the program, or the method that renders an object.
pub(crate) fn on_probe(probe: &Probe, top: Option<&PyObject>, vm: &VirtualMachine) -> PyResult<()> {
    if matches!(probe.site, Site::BareRaise | Site::SetRead | Site::SetUpdated | Site::SetOperand) {
        match (probe.site, top) {
            // A frame without an exception of its own raises that of a frame below again, if there is one.
            (Site::BareRaise, _) if vm.current_exception().is_none() => labels::note(Label::BareRaise),
            (Site::BareRaise, _) => {}
            (Site::SetRead, Some(top)) => native_readers::about_to_read(top, vm),
            (Site::SetUpdated, Some(top)) => constructors::about_to_update(top),
            (_, Some(top)) => constructors::about_to_add(top, vm),
            (_, None) => {}
        }
        return Ok(());
    }
    if program_repr::is_rendering() {
        return program_repr::check(&activity(probe), vm);
    }
    let flow = OBSERVER.with(|observer| match observer.try_borrow_mut() {
        Ok(mut observer) => {
            observer.as_mut().map_or(ControlFlow::Continue(()), |observer| observer.probe(probe, top, vm))
        }
        // An object that died while the recorder worked runs code of the unit: that is no step of the program.
        Err(_) => ControlFlow::Continue(()),
    });
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(outcome) => Err(termination::stop(outcome, vm)),
    }
}

/// The program's activity at a probe, for the check of a rendering.
fn activity(probe: &Probe) -> Activity {
    match probe.site {
        Site::Call => Activity::Call { is_pure: probe.info.is_pure },
        Site::Line | Site::LineFallenInto | Site::LineIfJumpedTo | Site::LineIfOtherBefore => Activity::Line,
        _ => Activity::Other,
    }
}

impl Observer {
    #[inline]
    fn probe(&mut self, probe: &Probe, top: Option<&PyObject>, vm: &VirtualMachine) -> ControlFlow<Outcome> {
        // The exception that stops a program is ours, not an event of the program's.
        if termination::outcome().is_some() {
            return ControlFlow::Continue(());
        }
        match self {
            Observer::Record { recorder, steps } if probe.info.is_unit => {
                recorder.probe(probe, top, vm)?;
                charge(steps, termination::take_owed_steps())
            }
            observer => {
                let steps = match observer {
                    Observer::Count { steps } | Observer::Record { steps, .. } => steps,
                    Observer::Cover { coverage, steps } => {
                        coverage.probe(probe.site, top, vm);
                        steps
                    }
                };
                let is_line = matches!(
                    probe.site,
                    Site::Line
                        | Site::LineFallenInto
                        | Site::LineIfJumpedTo
                        | Site::LineIfOtherBefore
                        | Site::Point(_, true)
                );
                charge(steps, u64::from(is_line))
            }
        }
    }
}

/// Subtracts steps from those that are left.
#[inline]
fn charge(left: &mut u64, steps: u64) -> ControlFlow<Outcome> {
    match left.checked_sub(steps) {
        Some(fewer) => {
            *left = fewer;
            ControlFlow::Continue(())
        }
        None => ControlFlow::Break(Outcome::StepLimit),
    }
}
