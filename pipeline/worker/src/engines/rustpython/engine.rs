//! The engine: an interpreter, what is loaded ahead in it, and the jobs that it runs.

use rustpython_vm::{Interpreter, PyObjectRef, VirtualMachine};
use tracemill_trace::{Job, Outcome};

use super::{
    builtins, interpreter,
    interpreter::Furniture,
    job::{Call, CodeCache, Unit},
    labels, library, own_repr, probe, stop,
};
use crate::{
    engine::{Engine, Execution, SharedSink},
    error::Result,
};

/// An embedded interpreter.
pub struct RustPython {
    interpreter: Interpreter,
    furniture: Furniture,
    /// The generator that functions of `random` share; there when the library was loaded ahead.
    generator: Option<PyObjectRef>,
    code: CodeCache,
    /// The unit whose source was run last.
    unit: Option<Unit>,
    /// What the streams that stand were given to read, when the last job has left them as they were.
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
        let (interpreter, furniture) = interpreter::start(hash_seed)?;
        Ok(RustPython {
            interpreter,
            furniture,
            generator: None,
            code: CodeCache::default(),
            unit: None,
            stdin: None,
            is_fresh: true,
        })
    }

    /// Starts clock and random numbers anew, and forgets what the job before has noted.
    fn reset(furniture: &Furniture, generator: Option<&PyObjectRef>, vm: &VirtualMachine) {
        probe::forget(vm);
        stop::reset();
        labels::forget();
        builtins::reset();
        // They are ours and do not fail; were they to, the clock would run on.
        let _ = generator.map(|generator| vm.call_method(generator, "seed", ()));
        let _ = vm.call_method(&furniture.clock, "reset", ());
    }
}

impl Engine for RustPython {
    fn preload(&mut self) -> Result<()> {
        let clock = &self.furniture.clock;
        let generator = self.interpreter.enter(|vm| {
            let generator = library::preload(clock, vm).and_then(|()| library::shared_generator(vm));
            interpreter::settle(vm);
            generator.map_err(|error| interpreter::failure(&error, vm))
        })?;
        self.generator = Some(generator);
        Ok(())
    }

    fn load(&mut self, job: &Job) -> bool {
        let RustPython { interpreter, furniture, generator, code, unit, stdin, is_fresh } = self;
        interpreter.enter(|vm| {
            if let Some(unit) = unit.take() {
                unit.end(vm);
            }
            RustPython::reset(furniture, generator.as_ref(), vm);
            own_repr::want(job.subscription.own_repr);
            let loaded = Unit::load(job, &furniture.streams, code, stdin, std::mem::take(is_fresh), vm);
            unit.insert(loaded).can_call()
        })
    }

    fn call(&mut self, job: &Job, sink: SharedSink) -> Execution {
        let unit = self.unit.as_ref();
        self.interpreter.enter(|vm| {
            let finished = match unit {
                Some(unit) => Call::new(job, unit, sink, vm).run(),
                None => crate::engine::bare_finish(Outcome::Crashed),
            };
            let retiring = finished.outcome == Outcome::Crashed || stop::outcome().is_some() && stop::was_rough();
            Execution { finished, retiring }
        })
    }

    fn run(&mut self, job: &Job, sink: SharedSink) -> Execution {
        self.load(job);
        self.call(job, sink)
    }
}
