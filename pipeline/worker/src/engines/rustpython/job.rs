//! One job, phase by phase: the unit's source, the set-up, the call, the check. Called by `engine`.
//!
//! A unit is loaded once. Its calls start from there, in the same process or each in a forked one.

use std::{collections::BTreeSet, rc::Rc};

use rustpython_vm::{
    AsObject, PyObjectRef, PyRef, PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyCode, PyCoroutine, PyDictRef},
    compiler::Mode,
    scope::Scope,
    types::PyComparisonOp,
};
use tracemill_trace::{Exception, Finished, Granularity, Job, JobKind, Label, Outcome, Point, strip_addresses};

use crate::{
    engine::SharedSink,
    engines::rustpython::{
        analysis::{
            imports::collect_imported_names, object_lifetime::observable_lifetimes, source_labels::note_from_source,
        },
        instrumentation::{
            code_cache::{CodeCache, compile},
            detail::Detail,
            stack_effects,
        },
        isolation::shared_process,
        job_state,
        recording::{
            changes::ValueOptions,
            coverage::CoverageRecorder,
            observer::{Observer, observe},
            recorder::Recorder,
        },
        runtime::{
            code_origin,
            labels::{self, LabelSet},
            patch, recursion_limit, stdio, termination,
        },
        values::{exceptions, literals, messages, repr},
    },
    sandbox::memory,
};

/// Steps that a job may take outside of what is recorded, for each step that may be recorded.
const UNRECORDED_FACTOR: u64 = 100;
/// How often a coroutine may be suspended before it counts as waiting for ever.
const MAX_AWAITS: u64 = 100_000;

/// A loaded unit: its source is compiled, and has run if the unit is for calls.
pub(crate) struct Unit {
    code: Result<PyRef<PyCode>, PyBaseExceptionRef>,
    points: Rc<[Point]>,
    /// The namespace of the unit's module; `None` where the interpreter could not make one.
    namespace: Option<PyDictRef>,
    /// Modules that its import statements name.
    imports: BTreeSet<String>,
    /// How its source ended, where that was before its end.
    ending: Option<Finished>,
    /// Steps that code outside of what is recorded may take.
    unrecorded_steps: u64,
    /// Labels noted so far, for each call that starts from here.
    labels: LabelSet,
}

/// The end of a job, where a phase is its last.
type Ending = Box<Finished>;

fn unrecorded_steps(job: &Job) -> u64 {
    job.limits.events_max.saturating_mul(UNRECORDED_FACTOR)
}

/// Characters kept of a value.
fn value_chars(job: &Job) -> usize {
    usize::try_from(job.limits.value_chars).unwrap_or(usize::MAX)
}

impl Unit {
    /// Compiles the source, and runs it if it is for calls: counted and not recorded. In a fresh process no job was
    /// loaded before.
    pub(crate) fn load(
        job: &Job,
        streams: &stdio::Streams,
        code: &mut CodeCache,
        stdin: &mut Option<String>,
        is_fresh: bool,
        vm: &VirtualMachine,
    ) -> Self {
        let limit = value_chars(job);
        let opened = match &*stdin {
            // The job before has left the streams as they were.
            Some(stdin) if *stdin == job.stdin => Ok(()),
            _ => streams.install(&job.stdin, vm),
        };
        *stdin = (!shared_process::may_touch_streams(job)).then(|| job.stdin.clone());
        vm.recursion_limit.set(1_000);
        let detail = match job.subscription.granularity {
            Granularity::Outcome if job.records_coverage => Detail::Cover { whole: job.kind == JobKind::Program },
            Granularity::Outcome => Detail::Count,
            Granularity::Line => Detail::Lines,
            // Where values are cut short, constants may be cut too. Then each instruction is observed.
            Granularity::Instruction => Detail::Instructions { each: limit < stack_effects::CONSTANT_CHARS },
        };
        let compiled = code.compiled(job, detail, vm);
        let mut unit = Unit {
            code: compiled.code.clone(),
            points: Rc::clone(&compiled.points),
            namespace: None,
            imports: BTreeSet::new(),
            ending: None,
            unrecorded_steps: unrecorded_steps(job),
            labels: LabelSet::default(),
        };
        // Without the word there is no import statement.
        if let Some(code) = unit.code.as_ref().ok().filter(|_| job.source.contains("import")) {
            collect_imported_names(code, &mut unit.imports);
        }
        match opened.and_then(|()| fresh_namespace(job.kind, vm)) {
            Ok(namespace) => unit.namespace = Some(namespace),
            Err(error) => unit.ending = Some(*ended(Outcome::Crashed, Some(exceptions::describe(&error, limit, vm)))),
        }
        if is_fresh {
            // The time of the next collection then depends on this program alone.
            vm.state.gc.collect_force(0);
        }
        // And so does the memory that is left, whether the code was compiled now or before.
        memory::restart();
        if let (JobKind::Call, Ok(code), Some(namespace)) = (job.kind, &unit.code, &unit.namespace) {
            recursion_limit::limit_depth(job.limits.depth as usize, 0, vm);
            stdio::discard_output(job.limits.output_bytes);
            unit.ending = run_untraced(code, namespace, job, vm).err().map(|ending| *ending);
        }
        unit.labels = labels::noted();
        unit
    }

    /// Whether a call can start from here.
    pub(crate) fn can_call(&self) -> bool {
        self.code.is_ok() && self.ending.is_none()
    }

    /// Breaks the cycles between the namespace and its functions. The objects that end may run code of the program.
    pub(crate) fn end(self, vm: &VirtualMachine) {
        if let Some(namespace) = self.namespace {
            let observer = Observer::Count { steps: self.unrecorded_steps };
            job_state::with_own_termination(|| observe(observer, vm, || namespace.clear()));
        }
    }
}

fn execute(code: &PyRef<PyCode>, namespace: &PyDictRef, vm: &VirtualMachine) -> PyResult {
    vm.run_code_obj(code.clone(), Scope::with_builtins(None, namespace.clone(), vm))
}

/// Runs a piece in front of the call: counted and not recorded.
fn run_untraced(code: &PyRef<PyCode>, namespace: &PyDictRef, job: &Job, vm: &VirtualMachine) -> Result<(), Ending> {
    let observer = Observer::Count { steps: unrecorded_steps(job) };
    let (result, _) = observe(observer, vm, || execute(code, namespace, vm));
    if let Some(exception) = termination::process_exit() {
        return Err(ended(Outcome::SetupFailed, Some(exception)));
    }
    if let Some(outcome) = termination::outcome() {
        return Err(Box::new(Finished { stdout: stdio::take_whole(), ..*ended(outcome, None) }));
    }
    let Err(error) = result else { return Ok(()) };
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

fn is_import_error(error: &PyBaseExceptionRef, vm: &VirtualMachine) -> bool {
    error.fast_isinstance(vm.ctx.exceptions.import_error)
}

/// The exception as it is reported. A `__str__` of the program is called here, counted like a check.
fn reported(error: &PyBaseExceptionRef, job: &Job, vm: &VirtualMachine) -> Exception {
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

/// The expression of a call.
enum Expression {
    /// A name, called with literals.
    Literals(literals::Call),
    /// Anything else.
    Compiled(PyRef<PyCode>),
}

/// The code that a job runs after its unit's source.
struct CallCode {
    setup: Option<PyRef<PyCode>>,
    /// `None` for a program.
    expression: Option<Expression>,
}

/// A call of a unit, or a program, in progress.
pub(crate) struct Call<'a> {
    job: &'a Job,
    unit: &'a Unit,
    sink: SharedSink,
    limit: usize,
    vm: &'a VirtualMachine,
}

impl<'a> Call<'a> {
    /// The call that the job requests, from the unit as it was loaded.
    pub(crate) fn new(job: &'a Job, unit: &'a Unit, sink: SharedSink, vm: &'a VirtualMachine) -> Self {
        Call { job, unit, sink, limit: value_chars(job), vm }
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Finished {
        let vm = self.vm;
        labels::restore(self.unit.labels);
        let (code, call_code) = match memory::uncharged(|| self.compile()) {
            Ok(compiled) => compiled,
            Err(ending) => return *ending,
        };
        let mut imports = self.unit.imports.clone();
        let compiled = match &call_code.expression {
            Some(Expression::Compiled(code)) => Some(code),
            _ => None,
        };
        for (text, code) in [(&self.job.setup, call_code.setup.as_ref()), (&self.job.call, compiled)] {
            if let Some(code) = code.filter(|_| text.contains("import")) {
                collect_imported_names(code, &mut imports);
            }
        }
        let mut finished = match (&self.unit.ending, &self.unit.namespace) {
            (Some(ending), _) => ending.clone(),
            (None, Some(namespace)) => match self.set_up(&call_code, namespace) {
                Ok(()) => self.trace(code, &call_code, namespace),
                Err(ending) => *ending,
            },
            (None, None) => Finished::bare(Outcome::Crashed),
        };
        finished.imports = loaded_among(&imports, vm);
        for text in [&self.job.source, &self.job.setup, &self.job.call] {
            note_from_source(text);
        }
        if finished.imports.iter().any(|name| matches!(name.as_str(), "random" | "secrets" | "uuid" | "tempfile")) {
            labels::note(Label::Random);
        }
        finished.labels = labels::take();
        finished
    }

    /// Compiles what runs after the source. Returns the code of the source too.
    fn compile(&self) -> Result<(&PyRef<PyCode>, CallCode), Ending> {
        let (job, limit, vm) = (self.job, self.limit, self.vm);
        let not_python = |outcome, exception, error: &PyBaseExceptionRef, how| {
            messages::note_syntax(error, how, vm);
            Box::new(Finished { labels: labels::take(), ..*ended(outcome, Some(exception)) })
        };
        let code = self.unit.code.as_ref().map_err(|error| {
            not_python(Outcome::CompileFailed, exceptions::describe(error, limit, vm), error, "exec")
        })?;
        let invalid = |error: &PyBaseExceptionRef, how| {
            // The line is in the input, not in the unit.
            let exception = Exception { line_number: None, ..exceptions::describe(error, limit, vm) };
            not_python(Outcome::InvalidInput, exception, error, how)
        };
        let compiled = |text: &str, mode, path| match text.trim().is_empty() {
            true => Ok(None),
            false => compile(text, mode, path, Detail::Count, vm)
                .map(Some)
                .map_err(|error| invalid(&error, if matches!(mode, Mode::Eval) { "eval" } else { "exec" })),
        };
        let setup = compiled(&job.setup, Mode::Exec, code_origin::SETUP)?;
        let expression = match (job.kind, literals::call(job.call.trim())) {
            (JobKind::Program, _) => None,
            (JobKind::Call, Some(call)) => Some(Expression::Literals(call)),
            (JobKind::Call, None) => {
                compiled(job.call.trim(), Mode::Eval, code_origin::CALL)?.map(Expression::Compiled)
            }
        };
        if job.kind == JobKind::Call && expression.is_none() {
            return Err(ended(Outcome::InvalidInput, None));
        }
        Ok((code, CallCode { setup, expression }))
    }

    fn execute(&self, code: &PyRef<PyCode>, namespace: &PyDictRef) -> PyResult {
        execute(code, namespace, self.vm)
    }

    /// Evaluates the expression of the call.
    fn evaluate(&self, expression: &Expression, namespace: &PyDictRef) -> PyResult {
        match expression {
            Expression::Compiled(code) => self.execute(code, namespace),
            Expression::Literals(call) => match call.run(namespace, self.vm) {
                Some(result) => result,
                // The name is a built-in or unknown.
                None => {
                    let text = self.job.call.trim();
                    let code = compile(text, Mode::Eval, code_origin::CALL, Detail::Count, self.vm)?;
                    self.execute(&code, namespace)
                }
            },
        }
    }

    /// Runs the set-up.
    fn set_up(&self, call_code: &CallCode, namespace: &PyDictRef) -> Result<(), Ending> {
        // The frame of a compiled call lies below the program's frames.
        let own = usize::from(!matches!(call_code.expression, Some(Expression::Literals(_))));
        recursion_limit::limit_depth(self.job.limits.depth as usize, own, self.vm);
        if let Some(setup) = &call_code.setup {
            run_untraced(setup, namespace, self.job, self.vm)?;
        }
        stdio::discard_output(self.job.limits.output_bytes);
        Ok(())
    }

    /// Runs and records the call or the program.
    fn trace(&self, code: &PyRef<PyCode>, call_code: &CallCode, namespace: &PyDictRef) -> Finished {
        let vm = self.vm;
        let lifetimes =
            call_code.setup.iter().map(|setup| observable_lifetimes(setup)).fold(observable_lifetimes(code), Ord::max);
        let options = ValueOptions { limit: self.limit, lifetimes };
        let recorder = Box::new(Recorder::new(self.sink.clone(), options, self.job.limits.events_max));
        let observer = match self.job.subscription.granularity {
            // Without events each line is a step.
            Granularity::Outcome if self.job.records_coverage => Observer::Cover {
                coverage: Box::new(CoverageRecorder::new(&self.unit.points)),
                steps: self.job.limits.events_max,
            },
            Granularity::Outcome => Observer::Count { steps: self.job.limits.events_max },
            _ => Observer::Record { recorder, steps: unrecorded_steps(self.job) },
        };
        // The recorder must live as long as the exception, which keeps objects of the program's frames.
        let (result, observer) = observe(observer, vm, || match &call_code.expression {
            Some(expression) => self.evaluate(expression, namespace).and_then(|value| self.drive(value)),
            None => self.execute(code, namespace),
        });
        let stdout = stdio::take_whole();
        stdio::discard_output(u64::MAX);
        let coverage = match &observer {
            Some(Observer::Cover { coverage, .. }) => Some(coverage.report(&self.unit.points)),
            _ => None,
        };
        Finished { stdout, coverage, ..self.finish(result, namespace) }
    }

    /// How the call or the program ended.
    fn finish(&self, result: PyResult, namespace: &PyDictRef) -> Finished {
        let vm = self.vm;
        if let Some(outcome) = termination::outcome() {
            return Finished { exception: termination::process_exit(), ..Finished::bare(outcome) };
        }
        match result {
            Ok(value) => self.returned(value, namespace),
            Err(error) => {
                if self.job.kind == JobKind::Call {
                    messages::correct_call(&error, vm);
                }
                let outcome = if error.fast_isinstance(vm.ctx.exceptions.system_exit) {
                    Outcome::Exited
                } else if is_import_error(&error, vm) {
                    Outcome::UnsupportedImport
                } else {
                    Outcome::Raised
                };
                Finished { exception: Some(reported(&error, self.job, vm)), ..Finished::bare(outcome) }
            }
        }
    }

    /// Drives a coroutine to its end. Returns any other value as it is.
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

    fn returned(&self, value: PyObjectRef, namespace: &PyDictRef) -> Finished {
        let mut finished = Finished::bare(Outcome::Returned);
        if self.job.kind == JobKind::Call {
            finished.result = Some(repr::render(&value, self.limit, self.vm));
        }
        finished.check_passed = self.job.check.as_ref().map(|check| self.check(check, value, namespace));
        finished
    }

    /// Whether the check holds for the value. Its output is dropped: that of the program was taken before.
    fn check(&self, check: &str, value: PyObjectRef, namespace: &PyDictRef) -> bool {
        let vm = self.vm;
        let expected = literals::expected(check.trim(), vm);
        let code = match expected {
            Some(_) => None,
            None => match compile(check.trim(), Mode::Eval, code_origin::CHECK, Detail::Count, vm) {
                Ok(code) => Some(code),
                Err(_) => return false,
            },
        };
        let observer = Observer::Count { steps: unrecorded_steps(self.job) };
        job_state::with_own_termination(|| {
            let (held, _) = observe(observer, vm, || {
                if let Some(expected) = &expected {
                    return value.rich_compare_bool(expected, PyComparisonOp::Eq, vm);
                }
                namespace.set_item("__result__", value, vm)?;
                match &code {
                    Some(code) => self.execute(code, namespace)?.try_to_bool(vm),
                    None => Ok(false),
                }
            });
            termination::outcome().is_none() && held.unwrap_or(false)
        })
    }
}

/// The names among `named` that are loaded.
fn loaded_among(named: &BTreeSet<String>, vm: &VirtualMachine) -> Vec<String> {
    let Ok(modules) = patch::modules(vm) else { return Vec::new() };
    named.iter().filter(|name| matches!(modules.get_item_opt(name.as_str(), vm), Ok(Some(_)))).cloned().collect()
}

fn ended(outcome: Outcome, exception: Option<Exception>) -> Ending {
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
