//! A unit: its source is compiled, and has run if the unit is for calls. Called by `engine`.
//!
//! A unit is loaded once. Its calls start from there: each in a forked process, or, in a search of a unit that could leave
//! something behind, one after the other in this one.

use std::rc::Rc;

use rustpython_vm::{
    AsObject, PyObjectRef, PyRef, PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyCode, PyDictRef},
    scope::Scope,
};
use tracemill_trace::{Exception, Finished, Granularity, Job, JobKind, Outcome, strip_addresses};

use crate::{
    engines::rustpython::{
        instrumentation::{
            code_cache::{CodeCache, CompiledSource},
            detail::Detail,
            stack_effects,
        },
        isolation::shared_process,
        job_state,
        recording::observer::{Observer, observe},
        runtime::{
            labels::{self, LabelSet},
            memory_importer, patch, recursion_limit, stdio, termination,
        },
        values::{exceptions, messages},
    },
    sandbox::memory,
};

/// Steps that a job may take outside of what is recorded, for each step that may be recorded.
const UNRECORDED_FACTOR: u64 = 100;
/// The same for the set-up of a candidate. A search makes many, and one that works this long before the call shows
/// nothing that a shorter one does not.
const CANDIDATE_SETUP_FACTOR: u64 = 10;

/// A loaded unit: its source is compiled, and has run if the unit is for calls.
pub(crate) struct Unit {
    /// Its source, compiled.
    pub(crate) source: Rc<CompiledSource>,
    /// The namespace of the unit's module; `None` where the interpreter could not make one.
    pub(crate) namespace: Option<PyDictRef>,
    /// How its source ended, where that was before its end.
    pub(crate) ending: Option<Finished>,
    /// Steps that code outside of what is recorded may take.
    unrecorded_steps: u64,
    /// Labels noted so far, for each call that starts from here.
    pub(crate) labels: LabelSet,
    /// What further calls in this process start from; `None` where each needs the unit loaded anew.
    start: Option<Start>,
}

/// Where further calls of a unit start in the same process.
struct Start {
    /// The standard input that the source found.
    stdin: String,
    /// The module's globals when the source had run.
    globals: Vec<(PyObjectRef, PyObjectRef)>,
}

/// The end of a job, where a phase is its last.
pub(crate) type Ending = Box<Finished>;

/// Steps that a job's code outside of what is recorded may take.
pub(crate) fn unrecorded_steps(job: &Job) -> u64 {
    job.limits.events_max.saturating_mul(UNRECORDED_FACTOR)
}

/// Steps that the set-up of a job may take.
pub(crate) fn setup_steps(job: &Job) -> u64 {
    match job.records_coverage {
        true => job.limits.events_max.saturating_mul(CANDIDATE_SETUP_FACTOR),
        false => unrecorded_steps(job),
    }
}

/// Characters kept of a value.
pub(crate) fn value_chars(job: &Job) -> usize {
    usize::try_from(job.limits.value_chars).unwrap_or(usize::MAX)
}

impl Unit {
    /// Compiles the source, and runs it if it is for calls: counted and not recorded. `is_fresh`: no job was loaded in
    /// this process before.
    pub(crate) fn load(
        job: &Job,
        streams: &stdio::Streams,
        code: &mut CodeCache,
        stdin: &mut Option<String>,
        is_fresh: bool,
        vm: &VirtualMachine,
    ) -> Self {
        let opened = match &*stdin {
            // The job before has left the streams as they were.
            Some(stdin) if *stdin == job.stdin => Ok(()),
            _ => streams.install(&job.stdin, vm),
        };
        *stdin = (!shared_process::may_touch_streams(job)).then(|| job.stdin.clone());
        vm.recursion_limit.set(1_000);
        let mut unit = Unit {
            source: code.source(job, detail(job), vm),
            namespace: None,
            ending: None,
            unrecorded_steps: unrecorded_steps(job),
            labels: LabelSet::default(),
            start: None,
        };
        memory_importer::provide(&unit.source.modules);
        // A module of a unit that has several is made by the import that runs it.
        let is_imported = job.kind == JobKind::Call && !unit.source.modules.is_empty();
        let namespace = opened.and_then(|()| match is_imported {
            true => Ok(None),
            false => fresh_namespace(job.kind, vm).map(Some),
        });
        match namespace {
            Ok(namespace) => unit.namespace = namespace,
            Err(error) => {
                let exception = exceptions::describe(&error, value_chars(job), vm);
                unit.ending = Some(*ended(Outcome::Crashed, Some(exception)));
            }
        }
        if is_fresh {
            // The time of the next collection then depends on this program alone.
            vm.state.gc.collect_force(0);
        }
        // And so does the memory that is left, whether the code was compiled now or before.
        memory::restart();
        if let (JobKind::Call, Ok(code), None) = (job.kind, &unit.source.code, &unit.ending) {
            recursion_limit::limit_depth(job.limits.depth as usize, 0, vm);
            stdio::discard_output(job.limits.output_bytes);
            let steps = unit.unrecorded_steps;
            let ran = match (&unit.namespace, unit.source.modules.last()) {
                (None, Some(own)) => {
                    untraced(job, steps, vm, || memory_importer::import(&own.name, vm)).map(|namespace| {
                        unit.namespace = Some(namespace);
                    })
                }
                (Some(namespace), _) => run_untraced(code, namespace, job, steps, vm),
                (None, None) => Ok(()),
            };
            unit.ending = ran.err().map(|ending| *ending);
        }
        unit.labels = labels::noted();
        unit
    }

    /// Whether a call can start from here.
    pub(crate) fn can_call(&self) -> bool {
        self.source.code.is_ok() && self.ending.is_none()
    }

    /// Keeps what is needed to start further candidates from here in this process; whether it did. Calls of a confined
    /// source may share a process with those of other units, and may not see what another has done; and what a source has
    /// done to its standard output is not kept. Such units are loaded for each call.
    pub(crate) fn keep_start(&mut self, job: &Job) -> bool {
        let may_share = job.slices.is_empty() && shared_process::is_confined(&job.source);
        if job.kind == JobKind::Call && !may_share && stdio::is_unused() {
            let start = |namespace: &PyDictRef| Start { stdin: job.stdin.clone(), globals: namespace.items_vec() };
            self.start = self.namespace.as_ref().map(start);
        }
        self.start.is_some()
    }

    /// Whether the job is a call that can start from here, after other calls.
    pub(crate) fn serves(&self, job: &Job) -> bool {
        let has_stdin = self.start.as_ref().is_some_and(|start| start.stdin == job.stdin);
        has_stdin && self.source.is_for(job, detail(job))
    }

    /// Takes back what a call has bound in the module. What it has done to objects stays. Objects that are freed here may
    /// run `__del__` methods of the program; `false` where these have undone it, or were stopped.
    pub(crate) fn restore_globals(&self, vm: &VirtualMachine) -> bool {
        let (Some(namespace), Some(Start { globals, .. })) = (&self.namespace, &self.start) else { return false };
        let now = namespace.items_vec();
        let mut pairs = now.iter().zip(globals);
        if now.len() == globals.len() && pairs.all(|(now, then)| now.0.is(&then.0) && now.1.is(&then.1)) {
            return true;
        }
        let observer = Observer::Count { steps: self.unrecorded_steps };
        let was_stopped = job_state::with_own_termination(|| {
            observe(observer, vm, || {
                namespace.clear();
                for (name, value) in globals {
                    // Names are texts, whose hashes do not fail.
                    let _ = namespace.set_item(&**name, value.clone(), vm);
                }
            });
            termination::outcome().is_some()
        });
        !was_stopped && namespace.items_vec().len() == globals.len()
    }

    /// Breaks the cycles between the namespace and its functions. Objects that are freed here may run `__del__` methods of
    /// the program.
    pub(crate) fn end(self, vm: &VirtualMachine) {
        if let Some(namespace) = self.namespace {
            let observer = Observer::Count { steps: self.unrecorded_steps };
            job_state::with_own_termination(|| observe(observer, vm, || namespace.clear()));
        }
    }
}

/// How closely a job's code is observed.
fn detail(job: &Job) -> Detail {
    match job.subscription.granularity {
        Granularity::Outcome if job.records_coverage => Detail::Cover { whole: job.kind == JobKind::Program },
        Granularity::Outcome => Detail::Count,
        Granularity::Line => Detail::Lines,
        // Where values are cut short, constants may be cut too. Then each instruction is observed.
        Granularity::Instruction => Detail::Instructions { each: value_chars(job) < stack_effects::CONSTANT_CHARS },
    }
}

/// Runs code in a namespace.
pub(crate) fn execute(code: &PyRef<PyCode>, namespace: &PyDictRef, vm: &VirtualMachine) -> PyResult {
    vm.run_code_obj(code.clone(), Scope::with_builtins(None, namespace.clone(), vm))
}

/// Runs a piece in front of the call: counted and not recorded. It may take that many steps.
pub(crate) fn run_untraced(
    code: &PyRef<PyCode>,
    namespace: &PyDictRef,
    job: &Job,
    steps: u64,
    vm: &VirtualMachine,
) -> Result<(), Ending> {
    untraced(job, steps, vm, || execute(code, namespace, vm)).map(|_| ())
}

/// Does something in front of the call: counted and not recorded. It may take that many steps.
fn untraced<T>(job: &Job, steps: u64, vm: &VirtualMachine, work: impl FnOnce() -> PyResult<T>) -> Result<T, Ending> {
    let observer = Observer::Count { steps };
    let (result, _) = observe(observer, vm, work);
    if let Some(exception) = termination::process_exit() {
        return Err(ended(Outcome::SetupFailed, Some(exception)));
    }
    if let Some(outcome) = termination::outcome() {
        return Err(Box::new(Finished { stdout: stdio::take_whole(), ..*ended(outcome, None) }));
    }
    let error = match result {
        Ok(done) => return Ok(done),
        Err(error) => error,
    };
    messages::correct_unrecorded(&error, vm);
    if is_import_error(&error, vm) {
        let exception = Some(reported(&error, job, vm));
        return Err(Box::new(Finished {
            stdout: stdio::take_whole(),
            ..*ended(Outcome::UnsupportedImport, exception)
        }));
    }
    Err(ended(Outcome::SetupFailed, Some(reported(&error, job, vm))))
}

/// Whether it is an `ImportError`.
pub(crate) fn is_import_error(error: &PyBaseExceptionRef, vm: &VirtualMachine) -> bool {
    error.fast_isinstance(vm.ctx.exceptions.import_error)
}

/// The exception as it is reported. A `__str__` of the program is called here, counted like a check.
pub(crate) fn reported(error: &PyBaseExceptionRef, job: &Job, vm: &VirtualMachine) -> Exception {
    let limit = value_chars(job);
    let mut exception = exceptions::describe(error, limit, vm);
    if exceptions::has_own_str(error.class(), vm) {
        let observer = Observer::Count { steps: unrecorded_steps(job) };
        let message = job_state::with_own_termination(|| {
            let (text, _) = observe(observer, vm, || error.as_object().str(vm));
            let text = text.ok().filter(|_| termination::outcome().is_none())?;
            Some(exceptions::truncate(&strip_addresses(&text.to_string_lossy()), limit))
        });
        exception.message = message.unwrap_or(exception.message);
    }
    exception
}

/// An end without a result.
pub(crate) fn ended(outcome: Outcome, exception: Option<Exception>) -> Ending {
    Box::new(Finished { exception, ..Finished::bare(outcome) })
}

/// The namespace of a new module in `sys.modules`. Pickles and data classes look their module up there.
pub(crate) fn fresh_namespace(kind: JobKind, vm: &VirtualMachine) -> PyResult<PyDictRef> {
    let name = match kind {
        JobKind::Program => "__main__",
        // Another name, so that the unit's main guard does not run.
        JobKind::Call => "unit",
    };
    let namespace = vm.ctx.new_dict();
    let module: PyObjectRef = vm.new_module(name, namespace.clone(), None).into();
    patch::modules(vm)?.set_item(name, module, vm)?;
    Ok(namespace)
}
