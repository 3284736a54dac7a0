//! RustPython, embedded: one interpreter for many jobs. `serve` makes one engine on a thread with a large stack.
//!
//! ```text
//!   mod: a job, step by step ─▶ units (compile) ─▶ instrument (flow) ─▶ code with probes
//!     code runs ─▶ probe ─▶ recorder ─▶ state, iterators, stack ─▶ changes ─▶ render ─▶ records
//!     ├ interpreter: start      modules, picture, apart, garbage, reach: before and after a job
//!     ├ builtins, numbers, comparisons, sorting, stdio, sets, exits: what the program finds
//!     └ stop: how it is ended   errors: exceptions as text
//! ```

use std::{collections::BTreeSet, rc::Rc};

use rustpython_vm::{
    AsObject, Interpreter, PyObjectRef, PyRef, PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyCode, PyCoroutine, PyDictRef},
    compiler::Mode,
    scope::Scope,
    types::PyComparisonOp,
};
use tracemill_trace::{COST_OF_WORKER, Exception, Finished, Granularity, Job, JobKind, Outcome, Point};

use crate::{
    engine::{Engine, Execution, SharedSink, bare_finish},
    error::Result,
};

mod apart;
mod assembly;
mod builtins;
mod changes;
mod comparisons;
mod cover;
mod dialects;
mod ends;
mod errors;
mod exits;
mod extremes;
mod flow;
mod garbage;
mod heap;
mod instructions;
mod instrument;
mod interpreter;
mod iterators;
mod labels;
mod lines;
mod literals;
mod modules;
mod numbers;
mod operations;
mod own_repr;
mod picture;
mod probe;
mod reach;
mod recorder;
mod regions;
mod render;
mod sets;
#[cfg(test)]
mod snapshot;
mod sorting;
mod stack;
mod state;
mod stays;
mod stdio;
mod steps;
mod stop;
mod units;
mod wording;
mod words;

use changes::Look;
use cover::Cover;
use ends::ends;
use instrument::Detail;
use labels::Label;
use probe::Watch;
use recorder::Recorder;

/// Jobs after which an interpreter is replaced: it keeps a little of each.
const MAX_JOBS: u32 = 10_000;
/// Steps outside of what is recorded that a job may take, for each step that may be recorded.
const UNRECORDED_FACTOR: u64 = 100;
/// Times that a coroutine may hand control back before it is taken for one that waits for ever.
const MAX_AWAITS: u64 = 100_000;

/// The engine.
pub struct RustPython {
    interpreter: Interpreter,
    base: modules::Base,
    unit: Option<Unit>,
    /// What the streams that stand were given to read, when the last job has left them as they were.
    streams: Option<String>,
    jobs: u32,
    settings: apart::Settings,
    garbage: garbage::Garbage,
}

/// The last unit compiled.
struct Unit {
    source: String,
    detail: Detail,
    /// It is for a call, not a program.
    is_called: bool,
    code: std::result::Result<PyRef<PyCode>, PyBaseExceptionRef>,
    /// What is noted of it.
    points: Rc<[Point]>,
}

impl std::fmt::Debug for RustPython {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RustPython").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

impl RustPython {
    /// Starts an interpreter on this thread, whose hashes of texts depend on the seed. Only one may live on a thread at a time, and the thread's stack must be
    /// large: see [`crate::serve::STACK_BYTES`].
    ///
    /// # Errors
    /// The interpreter's own modules do not load.
    pub fn start(hash_seed: u32) -> Result<Self> {
        let (interpreter, base) = interpreter::start(hash_seed)?;
        let settings = interpreter.enter(apart::Settings::new);
        Ok(RustPython {
            interpreter,
            base,
            unit: None,
            streams: None,
            jobs: 0,
            settings,
            garbage: garbage::Garbage::default(),
        })
    }
}

impl Engine for RustPython {
    fn name(&self) -> String {
        "rustpython 0.6.0".to_owned()
    }

    fn run(&mut self, job: &Job, sink: SharedSink) -> Execution {
        self.jobs += 1;
        let (base, unit, streams, jobs) = (&mut self.base, &mut self.unit, &mut self.streams, self.jobs);
        let (settings, garbage) = (&self.settings, &mut self.garbage);
        self.interpreter.enter(|vm| {
            probe::forget(vm);
            stop::reset();
            labels::forget();
            apart::begin(jobs == 1);
            own_repr::want(job.subscription.own_repr);
            let limit = usize::try_from(job.limits.value_chars).unwrap_or(usize::MAX);
            let reaches_out = reach::reaches_out(job);
            let collects = match job.covers {
                // The search compares runs of one unit, many of them.
                true => reach::notices_ends(job),
                false => reaches_out || reach::ends_visibly(job),
            };
            let mut finished = if apart::refuses(job, reaches_out) {
                bare_finish(Outcome::Crashed)
            } else {
                match Run::prepare(job, sink, limit, base, unit, streams, vm) {
                    Ok(run) => {
                        // When garbage is collected, and how much memory is left, depends on what the program makes
                        // from here on: not on whether its modules and its code were there already.
                        garbage.begin(jobs == 1, collects, vm);
                        run.run()
                    }
                    Err(finished) => *finished,
                }
            };
            let rough = stop::outcome().is_some() && stop::was_rough();
            let endless = garbage.end(job, collects, vm);
            let deeds = apart::end();
            stop::reset();
            let mut dirty = settings.restore(vm);
            dirty |= base.clean(reaches_out, vm).unwrap_or(true);
            let broken = finished.outcome == Outcome::Crashed;
            let spoiled = rough || dirty || endless || deeds.changed || broken;
            if let Some(coverage) = &mut finished.coverage {
                // By what the job itself did: what else is loaded, and so compared, hangs on the jobs before it.
                coverage.cost = match rough || endless || deeds.changed || broken || deeds.looked {
                    true => COST_OF_WORKER,
                    false => 1 + modules::passing(&finished.imports).min(4) * 2,
                };
            }
            let retiring = spoiled || jobs >= MAX_JOBS;
            Execution { finished, retiring, void: deeds.void }
        })
    }
}

/// One job in progress.
struct Run<'a> {
    job: &'a Job,
    vm: &'a VirtualMachine,
    sink: SharedSink,
    limit: usize,
    unit: PyRef<PyCode>,
    points: Rc<[Point]>,
    setup: Option<PyRef<PyCode>>,
    call: Option<Call>,
    imports: BTreeSet<String>,
    namespace: PyDictRef,
}

/// The call of a job.
enum Call {
    /// A name, called with literals.
    Literals(literals::Call),
    /// Anything else.
    Compiled(PyRef<PyCode>),
}

/// What a phase of a job came to, when it is the end of it.
type Ending = Box<Finished>;

impl<'a> Run<'a> {
    /// Compiles the pieces and gives the program a fresh world.
    fn prepare(
        job: &'a Job,
        sink: SharedSink,
        limit: usize,
        base: &mut modules::Base,
        unit: &mut Option<Unit>,
        streams: &mut Option<String>,
        vm: &'a VirtualMachine,
    ) -> std::result::Result<Self, Ending> {
        let internal = |error: PyBaseExceptionRef| end(Outcome::Crashed, Some(errors::ending(&error, limit, vm)));
        match &*streams {
            Some(stdin) if *stdin == job.stdin => stdio::reopen(job.limits.output_bytes),
            _ => base.streams.install(&job.stdin, job.limits.output_bytes, vm).map_err(internal)?,
        }
        *streams = (!reach::spoils_streams(job)).then(|| job.stdin.clone());
        vm.recursion_limit.set(1_000);
        let detail = match job.subscription.granularity {
            Granularity::Outcome if job.covers => Detail::Cover { whole: job.kind == JobKind::Program },
            Granularity::Outcome => Detail::Count,
            Granularity::Line => Detail::Lines,
            // Where values are cut short, constants may be too: then each instruction tells what it pushes.
            Granularity::Instruction => Detail::Instructions { each: limit < steps::CONSTANT_CHARS },
        };
        let is_called = job.kind == JobKind::Call;
        let same = |unit: &Unit| unit.source == job.source && (unit.detail, unit.is_called) == (detail, is_called);
        let known = unit.take().filter(same).unwrap_or_else(|| {
            let compiled = units::compile_with_points(&job.source, Mode::Exec, units::UNIT, detail, is_called, vm);
            let (code, points) = match compiled {
                Ok((code, points)) => (Ok(code), points),
                Err(error) => (Err(error), Vec::new()),
            };
            Unit { source: job.source.clone(), detail, is_called, code, points: points.into() }
        });
        let (code, points) = (known.code.clone(), Rc::clone(&known.points));
        *unit = Some(known);
        let not_python = |outcome, exception, error: &PyBaseExceptionRef, how| {
            wording::note_syntax(error, how, vm);
            Box::new(Finished { labels: labels::take(), ..*end(outcome, Some(exception)) })
        };
        let code = code
            .map_err(|error| not_python(Outcome::CompileFailed, errors::ending(&error, limit, vm), &error, "exec"))?;
        let invalid = |error: &PyBaseExceptionRef, how| {
            // The line is one of the input, not of the unit.
            let exception = Exception { line_number: None, ..errors::ending(error, limit, vm) };
            not_python(Outcome::InvalidInput, exception, error, how)
        };
        let compile = |text: &str, mode, path| match text.trim().is_empty() {
            true => Ok(None),
            false => units::compile(text, mode, path, Detail::Count, vm)
                .map(Some)
                .map_err(|error| invalid(&error, if matches!(mode, Mode::Eval) { "eval" } else { "exec" })),
        };
        let setup = compile(&job.setup, Mode::Exec, units::SETUP)?;
        let call = match (job.kind, literals::call(job.call.trim())) {
            (JobKind::Program, _) => None,
            (JobKind::Call, Some(call)) => Some(Call::Literals(call)),
            (JobKind::Call, None) => compile(job.call.trim(), Mode::Eval, units::CALL)?.map(Call::Compiled),
        };
        if job.kind == JobKind::Call && call.is_none() {
            return Err(end(Outcome::InvalidInput, None));
        }
        let mut imports = BTreeSet::new();
        let compiled = match &call {
            Some(Call::Compiled(code)) => Some(code),
            _ => None,
        };
        // Where the word is not, neither is the statement.
        let texts = [(&job.source, Some(&code)), (&job.setup, setup.as_ref()), (&job.call, compiled)];
        for (text, code) in texts {
            if let Some(code) = code.filter(|_| text.contains("import")) {
                units::imported_names(code, &mut imports);
            }
        }
        base.prepare(&imports, vm).map_err(internal)?;
        let namespace = fresh_namespace(job.kind, vm).map_err(internal)?;
        Ok(Run { job, vm, sink, limit, unit: code, points, setup, call, imports, namespace })
    }

    fn run(self) -> Finished {
        let vm = self.vm;
        // A call that was compiled lies below the program's frames.
        let own = usize::from(!matches!(self.call, Some(Call::Literals(_))));
        builtins::limit_depth(self.job.limits.depth as usize, own, vm);
        stdio::forget(self.job.limits.output_bytes);
        apart::watch();
        let mut finished = match self.set_up() {
            Ok(()) => self.trace(),
            Err(ending) if ending.outcome == Outcome::SetupFailed => *ending,
            Err(ending) => Finished { stdout: stdio::take_whole(), ..*ending },
        };
        finished.imports = modules::loaded(&self.imports, vm);
        for text in [&self.job.source, &self.job.setup, &self.job.call] {
            labels::read(text);
        }
        if finished.imports.iter().any(|name| matches!(name.as_str(), "random" | "secrets" | "uuid" | "tempfile")) {
            labels::note(Label::Random);
        }
        finished.labels = labels::take();
        // Breaks the cycles between the namespace and its functions. What ends with it may run code of the program.
        let watch = Watch::Count { steps: self.unrecorded_steps() };
        probe::watched(watch, vm, || self.namespace.clear());
        finished
    }

    fn unrecorded_steps(&self) -> u64 {
        self.job.limits.steps.saturating_mul(UNRECORDED_FACTOR)
    }

    fn execute(&self, code: &PyRef<PyCode>) -> PyResult {
        self.vm.run_code_obj(code.clone(), Scope::with_builtins(None, self.namespace.clone(), self.vm))
    }

    /// Evaluates the call.
    fn evaluate(&self, call: &Call) -> PyResult {
        match call {
            Call::Compiled(code) => self.execute(code),
            Call::Literals(call) => match call.run(&self.namespace, self.vm) {
                Some(result) => result,
                // A built-in, or a name that is nowhere.
                None => self.execute(&units::compile(
                    self.job.call.trim(),
                    Mode::Eval,
                    units::CALL,
                    Detail::Count,
                    self.vm,
                )?),
            },
        }
    }

    /// Runs what comes before the call, counted but not recorded.
    fn set_up(&self) -> std::result::Result<(), Ending> {
        let unit = (self.job.kind == JobKind::Call).then_some(&self.unit);
        for code in unit.into_iter().chain(&self.setup) {
            let watch = Watch::Count { steps: self.unrecorded_steps() };
            let (result, _) = probe::watched(watch, self.vm, || self.execute(code));
            if let Some(exception) = stop::exited() {
                return Err(end(Outcome::SetupFailed, Some(exception)));
            }
            if let Some(outcome) = stop::outcome() {
                return Err(end(outcome, None));
            }
            if let Err(error) = result {
                wording::correct_unseen(&error, self.vm);
                let outcome =
                    if self.is_import_error(&error) { Outcome::UnsupportedImport } else { Outcome::SetupFailed };
                return Err(end(outcome, Some(self.ending(&error))));
            }
        }
        stdio::forget(self.job.limits.output_bytes);
        Ok(())
    }

    /// Runs and records the call or the program.
    fn trace(&self) -> Finished {
        let vm = self.vm;
        let ends = self.setup.iter().map(|setup| ends(setup)).fold(ends(&self.unit), Ord::max);
        let look = Look { limit: self.limit, ends };
        let recorder = Box::new(Recorder::new(self.sink.clone(), look, self.job.limits.steps));
        let watch = match self.job.subscription.granularity {
            // Without events a step is a line.
            Granularity::Outcome if self.job.covers => {
                Watch::Cover { cover: Box::new(Cover::of(&self.points)), steps: self.job.limits.steps }
            }
            Granularity::Outcome => Watch::Count { steps: self.job.limits.steps },
            _ => Watch::Record { recorder, steps: self.unrecorded_steps() },
        };
        // The recorder lives as long as the exception, which keeps what the program's frames hold.
        let (result, watch) = probe::watched(watch, vm, || match &self.call {
            Some(call) => self.evaluate(call).and_then(|value| self.drive(value)),
            None => self.execute(&self.unit),
        });
        let stdout = stdio::take_whole();
        stdio::forget(u64::MAX);
        let coverage = match &watch {
            Some(Watch::Cover { cover, .. }) => Some(cover.told(&self.points)),
            _ => None,
        };
        Finished { stdout, coverage, ..self.finish(result) }
    }

    /// What became of the call or the program.
    fn finish(&self, result: PyResult) -> Finished {
        let vm = self.vm;
        if let Some(outcome) = stop::outcome() {
            return Finished { exception: stop::exited(), ..bare_finish(outcome) };
        }
        match result {
            Ok(value) => self.returned(value),
            Err(error) => {
                if self.job.kind == JobKind::Call {
                    wording::correct_call(&error, vm);
                }
                let outcome = if error.fast_isinstance(vm.ctx.exceptions.system_exit) {
                    Outcome::Exited
                } else if self.is_import_error(&error) {
                    Outcome::UnsupportedImport
                } else {
                    Outcome::Raised
                };
                Finished { exception: Some(self.ending(&error)), ..bare_finish(outcome) }
            }
        }
    }

    /// Drives a coroutine to its end; any other value is left as it is.
    fn drive(&self, value: PyObjectRef) -> PyResult {
        let vm = self.vm;
        if value.downcast_ref::<PyCoroutine>().is_none() {
            return Ok(value);
        }
        for _ in 0..MAX_AWAITS {
            match vm.call_method(&value, "send", (vm.ctx.none(),)) {
                Ok(_) => {}
                Err(error) if error.class().is(vm.ctx.exceptions.stop_iteration) => {
                    return Ok(error.get_arg(0).unwrap_or_else(|| vm.ctx.none()));
                }
                Err(error) => return Err(error),
            }
        }
        Err(vm.new_runtime_error("the coroutine never ends"))
    }

    fn returned(&self, value: PyObjectRef) -> Finished {
        let mut finished = bare_finish(Outcome::Returned);
        if self.job.kind == JobKind::Call {
            finished.result = Some(render::render(&value, self.limit, self.vm));
        }
        finished.check_passed = self.job.check.as_ref().map(|check| self.check(check, value));
        finished
    }

    /// Whether the check holds for the value. What it prints is nobody's output: the program's was taken.
    fn check(&self, check: &str, value: PyObjectRef) -> bool {
        let vm = self.vm;
        let expected = literals::expected(check.trim(), vm);
        let code = match expected {
            Some(_) => None,
            None => match units::compile(check.trim(), Mode::Eval, units::CHECK, Detail::Count, vm) {
                Ok(code) => Some(code),
                Err(_) => return false,
            },
        };
        let watch = Watch::Count { steps: self.unrecorded_steps() };
        let (held, _) = probe::watched(watch, vm, || {
            if let Some(expected) = &expected {
                return value.rich_compare_bool(expected, PyComparisonOp::Eq, vm);
            }
            self.namespace.set_item("__result__", value, vm)?;
            match &code {
                Some(code) => self.execute(code)?.try_to_bool(vm),
                None => Ok(false),
            }
        });
        let stopped = stop::outcome().is_some();
        stop::reset();
        !stopped && held.unwrap_or(false)
    }

    fn is_import_error(&self, error: &PyBaseExceptionRef) -> bool {
        error.fast_isinstance(self.vm.ctx.exceptions.import_error)
    }

    /// The exception as the last word says it; a `__str__` of the program's is asked here, counted like a check.
    fn ending(&self, error: &PyBaseExceptionRef) -> Exception {
        let vm = self.vm;
        let mut exception = errors::ending(error, self.limit, vm);
        if errors::has_own_str(error.class(), vm) {
            let watch = Watch::Count { steps: self.unrecorded_steps() };
            let (text, _) = probe::watched(watch, vm, || error.as_object().str(vm));
            if let (Ok(text), None) = (text, stop::outcome()) {
                exception.message = errors::cut(&render::strip_addresses(&text.to_string_lossy()), self.limit);
            }
            stop::reset();
        }
        exception
    }
}

fn end(outcome: Outcome, exception: Option<Exception>) -> Ending {
    Box::new(Finished { exception, ..bare_finish(outcome) })
}

/// A namespace in a module of its own: pickles and data classes look their module up.
fn fresh_namespace(kind: JobKind, vm: &VirtualMachine) -> PyResult<PyDictRef> {
    let name = match kind {
        JobKind::Program => "__main__",
        // So that the unit's main guard stays shut.
        JobKind::Call => "unit",
    };
    let namespace = vm.ctx.new_dict();
    let module: PyObjectRef = vm.new_module(name, namespace.clone(), None).into();
    modules::modules(vm)?.set_item(name, module, vm)?;
    Ok(namespace)
}

#[cfg(test)]
mod tests;
