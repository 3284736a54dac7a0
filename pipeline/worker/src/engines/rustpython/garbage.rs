//! When garbage is collected around a job. Called by the engine.
//!
//! A collection empties the engine's cache of attributes and costs a tenth of a small job, so it is left out where nobody
//! can tell: the job cannot see when its objects end, and neither could those whose garbage lies about.

use rustpython_vm::VirtualMachine;
use tracemill_trace::Job;

use super::{UNRECORDED_FACTOR, probe, probe::Watch, stdio, stop};
use crate::sandbox::memory;

/// Jobs after which garbage is collected in any case.
const JOBS_MAX: u32 = 200;
/// Bytes that jobs may leave behind before it is.
const BYTES_MAX: i64 = 1 << 20;

/// What jobs have left behind that cannot see their objects end.
#[derive(Default)]
pub(super) struct Garbage {
    jobs: u32,
    bytes: i64,
}

impl Garbage {
    /// A job's own code is about to run; `fresh` where no other has. From here on its memory is counted.
    pub(super) fn begin(&mut self, fresh: bool, collects: bool, vm: &VirtualMachine) {
        if collects && self.jobs > 0 {
            self.collect(vm);
        } else if fresh || collects {
            // The next collection is as far away as for any other such job.
            vm.state.gc.collect_force(0);
        }
        memory::restart();
    }

    /// A job is over: what nobody holds any more ends now, and not in the middle of another job that might see it.
    /// `true` when code of the job's that ran for it would not end.
    pub(super) fn end(&mut self, job: &Job, collects: bool, vm: &VirtualMachine) -> bool {
        stop::reset();
        self.jobs += 1;
        self.bytes = self.bytes.saturating_add(memory::live().max(0));
        if !collects && self.jobs < JOBS_MAX && self.bytes < BYTES_MAX {
            return false;
        }
        stdio::forget(u64::MAX);
        vm.recursion_limit.set(1_000);
        let watch = Watch::Count { steps: job.limits.steps.saturating_mul(UNRECORDED_FACTOR) };
        probe::watched(watch, vm, || self.collect(vm));
        stop::outcome().is_some()
    }

    fn collect(&mut self, vm: &VirtualMachine) {
        vm.state.gc.collect_force(2);
        *self = Garbage::default();
    }
}
