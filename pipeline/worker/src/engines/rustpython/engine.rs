//! The engine: an interpreter, the modules loaded ahead in it, and the jobs that it runs.

use rustpython_vm::{Interpreter, PyObjectRef, PyResult, VirtualMachine};
use tracemill_trace::{Finished, Job, Outcome};

use crate::{
    engine::{Engine, Execution, SharedSink},
    engines::rustpython::{
        compatibility::{builtins, comparisons, csv_dialects, list_sort, min_max, numbers, set_order},
        instrumentation::{code_cache::CodeCache, probe},
        isolation::{introspection, loaded_modules, shared_process},
        job::Call,
        job_state::{self, JobState},
        recording::observer::on_probe,
        runtime::{
            bootstrap::{self, OwnObjects},
            labelled_functions, random_bytes, recursion_limit, termination,
        },
        unit::Unit,
    },
    error::Result,
    sandbox::memory,
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
    /// Clock and random numbers when the source of `unit` had run; `None` where no further call may start from it.
    after_source: Option<ClockAndRandom>,
    /// What the program held when the last candidate of a search had ended.
    held: memory::Live,
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
        interpreter.enter(|vm| {
            let loaded = loaded_modules::preload(loaded_modules::ALWAYS, &objects.clock, vm);
            bootstrap::freeze_gc(vm);
            loaded.map_err(|error| bootstrap::failure(&error, vm))
        })?;
        Ok(RustPython {
            interpreter,
            objects,
            generator: None,
            code: CodeCache::default(),
            unit: None,
            after_source: None,
            held: memory::live(),
            stdin: None,
            is_fresh: true,
        })
    }

    /// Keeps what further calls of the unit need to start where its source has ended.
    fn keep_unit(&mut self, job: &Job) {
        let RustPython { interpreter, objects, generator, unit, after_source, .. } = self;
        if !unit.as_mut().is_some_and(|unit| unit.keep_start(job)) {
            return;
        }
        *after_source = interpreter.enter(|vm| ClockAndRandom::read(&objects.clock, generator.as_ref(), vm)).ok();
    }

    /// Begins a job from the unit that is loaded; `false` where it has to be loaded anew.
    fn start_again(&mut self, job: &Job) -> bool {
        let RustPython { interpreter, objects, generator, unit, after_source, stdin, held, .. } = self;
        let (Some(unit), Some(after_source)) = (unit, after_source) else { return false };
        if !unit.serves(job) {
            return false;
        }
        if shared_process::may_touch_streams(job) {
            *stdin = None;
        }
        memory::set_live(*held);
        interpreter.enter(|vm| {
            if !unit.restore_globals(vm) {
                return false;
            }
            begin(job);
            after_source.restore(&objects.clock, generator.as_ref(), vm).is_ok()
        })
    }
}

/// Begins a job, with nothing left of the state of the one before.
fn begin(job: &Job) {
    let output_bytes = usize::try_from(job.limits.output_bytes).unwrap_or(usize::MAX);
    job_state::begin(JobState::new(output_bytes, job.subscription.own_repr));
}

/// The clock and the random numbers that programs read in place of the machine's.
struct ClockAndRandom {
    /// The time of the clock.
    clock: PyObjectRef,
    /// The state of the stream of random bytes.
    random_bytes: u64,
    /// The state of the generator that functions of `random` share, if a program has imported it.
    generator: Option<PyObjectRef>,
}

impl ClockAndRandom {
    /// Starts them anew, for a job that has just begun.
    fn restart(clock: &PyObjectRef, generator: Option<&PyObjectRef>, vm: &VirtualMachine) {
        // Both are ours and do not fail. If they did, the clock would run on.
        if let Some(generator) = generator {
            let seed = random_bytes::next();
            // Until a program has imported it, it is as `preload` left it.
            if loaded_modules::is_revealed("random") {
                let _ = vm.call_method(generator, "seed", (seed,));
            }
        }
        let _ = vm.call_method(clock, "reset", ());
    }

    fn read(clock: &PyObjectRef, generator: Option<&PyObjectRef>, vm: &VirtualMachine) -> PyResult<Self> {
        let generator = generator.filter(|_| loaded_modules::is_revealed("random"));
        Ok(ClockAndRandom {
            clock: vm.call_method(clock, "elapsed", ())?,
            random_bytes: job_state::with(|job| job.random.get()),
            generator: generator.map(|generator| vm.call_method(generator, "getstate", ())).transpose()?,
        })
    }

    fn restore(&self, clock: &PyObjectRef, generator: Option<&PyObjectRef>, vm: &VirtualMachine) -> PyResult<()> {
        // What `restart` draws.
        let seed = random_bytes::next();
        job_state::with(|job| job.random.set(self.random_bytes));
        vm.call_method(clock, "reset", (self.clock.clone(),))?;
        let Some(generator) = generator.filter(|_| loaded_modules::is_revealed("random")) else { return Ok(()) };
        match &self.generator {
            Some(state) => vm.call_method(generator, "setstate", (state.clone(),))?,
            // A candidate was the first to import it.
            None => vm.call_method(generator, "seed", (seed,))?,
        };
        Ok(())
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
            let generator = loaded_modules::preload(loaded_modules::PRELOADED, clock, vm).and_then(|()| {
                let generator = loaded_modules::shared_generator(vm)?;
                // The seed that each job draws first.
                job_state::begin(JobState::new(usize::MAX, false));
                vm.call_method(&generator, "seed", (random_bytes::next(),))?;
                Ok(generator)
            });
            bootstrap::freeze_gc(vm);
            generator.map_err(|error| bootstrap::failure(&error, vm))
        })?;
        self.generator = Some(generator);
        Ok(())
    }

    fn load(&mut self, job: &Job) -> bool {
        let RustPython { interpreter, objects, generator, code, unit, after_source, stdin, is_fresh, .. } = self;
        *after_source = None;
        interpreter.enter(|vm| {
            if let Some(unit) = unit.take() {
                unit.end(vm);
            }
            begin(job);
            ClockAndRandom::restart(&objects.clock, generator.as_ref(), vm);
            let loaded = Unit::load(job, &objects.streams, code, stdin, std::mem::take(is_fresh), vm);
            unit.insert(loaded).can_call()
        })
    }

    fn call(&mut self, job: &Job, sink: SharedSink) -> Execution {
        let RustPython { interpreter, code, unit, .. } = self;
        interpreter.enter(|vm| {
            let finished = match unit {
                Some(unit) => Call::new(job, unit, sink, vm).run(code),
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

    fn run_candidate(&mut self, job: &Job, sink: SharedSink) -> Execution {
        if !self.start_again(job) && self.load(job) {
            memory::uncharged(|| self.keep_unit(job));
        }
        let execution = self.call(job, sink);
        self.held = memory::live();
        if termination::was_stopped() {
            // It may have been stopped anywhere, and half of a change may be done.
            self.after_source = None;
        }
        execution
    }
}
