//! A call of a unit, or a program, phase by phase: the set-up, the call, the check. Called by `engine`.

use std::{borrow::Cow, collections::BTreeSet};

use rustpython_vm::{
    AsObject, PyObjectRef, PyRef, PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyCode, PyCoroutine, PyDictRef},
    compiler::Mode,
    types::PyComparisonOp,
};
use tracemill_trace::{Exception, Finished, Granularity, Job, JobKind, Label, Outcome};

use crate::{
    engine::SharedSink,
    engines::rustpython::{
        analysis::{imports::collect_imported_names, object_lifetime::observable_lifetimes, source_labels::labels_in},
        instrumentation::{
            code_cache::{CodeCache, compile},
            detail::Detail,
        },
        job_state,
        recording::{
            changes::ValueOptions,
            coverage::CoverageRecorder,
            observer::{Observer, observe},
            recorder::Recorder,
        },
        runtime::{code_origin, labels, patch, recursion_limit, stdio, termination},
        unit::{
            Ending, Unit, ended, execute, is_import_error, reported, run_untraced, setup_steps, unrecorded_steps,
            value_chars,
        },
        values::{exceptions, literals, messages, repr},
    },
    sandbox::memory,
};

/// How often a coroutine may be suspended before it counts as waiting for ever.
const MAX_AWAITS: u64 = 100_000;

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
    pub(crate) fn run(self, cache: &mut CodeCache) -> Finished {
        let vm = self.vm;
        labels::restore(self.unit.labels);
        let (code, call_code) = match memory::uncharged(|| self.compile(cache)) {
            Ok(compiled) => compiled,
            Err(ending) => return *ending,
        };
        let source = &self.unit.source;
        let mut imports = Cow::Borrowed(&source.imports);
        let compiled = match &call_code.expression {
            Some(Expression::Compiled(code)) => Some(code),
            _ => None,
        };
        for (text, code) in [(&self.job.setup, call_code.setup.as_ref()), (&self.job.call, compiled)] {
            if let Some(code) = code.filter(|_| text.contains("import")) {
                collect_imported_names(code, imports.to_mut());
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
        labels::note_all(source.labels.union(labels_in(&self.job.setup)).union(labels_in(&self.job.call)));
        if finished.imports.iter().any(|name| matches!(name.as_str(), "random" | "secrets" | "uuid" | "tempfile")) {
            labels::note(Label::Random);
        }
        finished.labels = labels::take();
        finished
    }

    /// Compiles what runs after the source. Returns the code of the source too.
    fn compile(&self, cache: &mut CodeCache) -> Result<(&PyRef<PyCode>, CallCode), Ending> {
        let (job, limit, vm) = (self.job, self.limit, self.vm);
        let not_python = |outcome, exception, error: &PyBaseExceptionRef, how| {
            messages::note_syntax(error, how, vm);
            Box::new(Finished { labels: labels::take(), ..*ended(outcome, Some(exception)) })
        };
        let code = self.unit.source.code.as_ref().map_err(|error| {
            not_python(Outcome::CompileFailed, exceptions::describe(error, limit, vm), error, "exec")
        })?;
        let invalid = |error: &PyBaseExceptionRef, how| {
            // The line is in the input, not in the unit.
            let exception = Exception { line_number: None, ..exceptions::describe(error, limit, vm) };
            not_python(Outcome::InvalidInput, exception, error, how)
        };
        let mut compiled = |text: &str, mode, path| match text.trim().is_empty() {
            true => Ok(None),
            false => cache
                .piece(text, mode, path, vm)
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
            run_untraced(setup, namespace, self.job, setup_steps(self.job), self.vm)?;
        }
        stdio::discard_output(self.job.limits.output_bytes);
        Ok(())
    }

    /// Runs and records the call or the program.
    fn trace(&self, code: &PyRef<PyCode>, call_code: &CallCode, namespace: &PyDictRef) -> Finished {
        let vm = self.vm;
        let setup = call_code.setup.iter().map(|setup| observable_lifetimes(setup));
        let lifetimes = setup.fold(self.unit.source.lifetimes, Ord::max);
        let options = ValueOptions { limit: self.limit, lifetimes };
        let recorder = Box::new(Recorder::new(self.sink.clone(), options, self.job.limits.events_max));
        let observer = match self.job.subscription.granularity {
            // Without events each line is a step.
            Granularity::Outcome if self.job.records_coverage => Observer::Cover {
                coverage: Box::new(CoverageRecorder::new(&self.unit.source.points)),
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
            Some(Observer::Cover { coverage, .. }) => Some(coverage.report(&self.unit.source.points)),
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
