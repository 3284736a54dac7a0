//! The engine: an interpreter, the modules loaded ahead in it, and the jobs that it runs.

use rustpython_vm::{Interpreter, PyObjectRef, PyResult, VirtualMachine};
use tracemill_trace::{Finished, Job, Outcome};

use crate::{
    engine::{Engine, Execution, SharedSink},
    engines::rustpython::{
        compatibility::{builtins, comparisons, csv_dialects, list_sort, min_max, numbers, set_order},
        instrumentation::{code_cache::CodeCache, probe},
        isolation::{introspection, loaded_modules},
        job::{Call, Unit},
        job_state::{self, JobState},
        recording::observer::on_probe,
        runtime::{
            bootstrap::{self, OwnObjects},
            labelled_functions, random_bytes, recursion_limit, termination,
        },
    },
    error::Result,
};

/// An embedded interpreter.
pub struct RustPython {
    interpreter: Interpreter,
    objects: OwnObjects,
    /// The generator that functions of `random` share; `None` until the library was loaded ahead.
    generator: Option<PyObjectRef>,
    code: CodeCache,
    /// The unit that was loaded last.
    unit: Option<Unit>,
    /// The standard input of the streams in place, if the last job has left them as they were.
    stdin: Option<String>,
    /// No job was loaded in this process yet.
    is_fresh: bool,
}

impl std::fmt::Debug for RustPython {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RustPython").field("is_fresh", &self.is_fresh).finish_non_exhaustive()
    }
}

impl RustPython {
    /// Starts an interpreter on this thread, whose hashes of texts depend on the seed. Only one may live on a thread at a
    /// time, and the thread's stack must be large: see [`crate::engine::EngineKind::stack_bytes`].
    ///
    /// # Errors
    /// The interpreter's own modules do not load.
    pub fn start(hash_seed: u32) -> Result<Self> {
        let (interpreter, objects) = start_interpreter(hash_seed)?;
        Ok(RustPython {
            interpreter,
            objects,
            generator: None,
            code: CodeCache::default(),
            unit: None,
            stdin: None,
            is_fresh: true,
        })
    }

    /// Starts the clock and the generator of `random` anew.
    fn restart_clock(objects: &OwnObjects, generator: Option<&PyObjectRef>, vm: &VirtualMachine) {
        // Both are ours and do not fail. If they did, the clock would run on.
        let _ = generator.map(|generator| vm.call_method(generator, "seed", ()));
        let _ = vm.call_method(&objects.clock, "reset", ());
    }
}

/// Starts an interpreter with all the engine's replacements.
pub(crate) fn start_interpreter(hash_seed: u32) -> Result<(Interpreter, OwnObjects)> {
    bootstrap::start(hash_seed, install)
}

/// Puts the replacements in place. Once an interpreter. Programs can see the order, for modules are imported here.
fn install(vm: &VirtualMachine) -> PyResult<()> {
    loaded_modules::forget();
    probe::prepare(on_probe);
    builtins::install(vm)?;
    recursion_limit::install(vm)?;
    random_bytes::install(vm)?;
    numbers::install(vm);
    comparisons::install(vm);
    min_max::install(vm)?;
    csv_dialects::install(vm)?;
    list_sort::install(vm)?;
    labelled_functions::install(vm)?;
    set_order::install(vm)?;
    introspection::install(vm)
}

impl Engine for RustPython {
    fn preload(&mut self) -> Result<()> {
        let clock = &self.objects.clock;
        let generator = self.interpreter.enter(|vm| {
            let generator = loaded_modules::preload(clock, vm).and_then(|()| loaded_modules::shared_generator(vm));
            bootstrap::freeze_gc(vm);
            generator.map_err(|error| bootstrap::failure(&error, vm))
        })?;
        self.generator = Some(generator);
        Ok(())
    }

    fn load(&mut self, job: &Job) -> bool {
        let RustPython { interpreter, objects, generator, code, unit, stdin, is_fresh } = self;
        interpreter.enter(|vm| {
            if let Some(unit) = unit.take() {
                unit.end(vm);
            }
            let output_bytes = usize::try_from(job.limits.output_bytes).unwrap_or(usize::MAX);
            job_state::begin(JobState::new(output_bytes, job.subscription.own_repr));
            RustPython::restart_clock(objects, generator.as_ref(), vm);
            let loaded = Unit::load(job, &objects.streams, code, stdin, std::mem::take(is_fresh), vm);
            unit.insert(loaded).can_call()
        })
    }

    fn call(&mut self, job: &Job, sink: SharedSink) -> Execution {
        let unit = self.unit.as_ref();
        self.interpreter.enter(|vm| {
            let finished = match unit {
                Some(unit) => Call::new(job, unit, sink, vm).run(),
                None => Finished::bare(Outcome::Crashed),
            };
            let retiring = finished.outcome == Outcome::Crashed
                || termination::outcome().is_some() && termination::left_unclean_state();
            Execution { finished, retiring }
        })
    }

    fn run(&mut self, job: &Job, sink: SharedSink) -> Execution {
        self.load(job);
        self.call(job, sink)
    }
}
