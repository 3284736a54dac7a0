//! Random bytes, which are the same in each run: a stream that starts anew with each job. The engine
//! and our modules in Python read it.

use rustpython_vm::{PyResult, VirtualMachine};

use super::patch;
use crate::engines::rustpython::job_state;

/// Gives our modules in Python the stream. Once an interpreter.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let module = vm.new_module("random_bytes", vm.ctx.new_dict(), None);
    module.set_attr("take", vm.new_function("take", random_bytes), vm)?;
    patch::modules(vm)?.set_item("random_bytes", module.into(), vm)
}

/// The next eight bytes of the stream, as a number. `SplitMix64`: small and fixed by its definition. No secret depends on
/// it.
pub(crate) fn next() -> u64 {
    let state = job_state::with(|job| {
        job.random.set(job.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        job.random.get()
    });
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn random_bytes(size: i64, vm: &VirtualMachine) -> PyResult<Vec<u8>> {
    let size = usize::try_from(size).map_err(|_| vm.new_value_error("negative argument not allowed"))?;
    let mut bytes = Vec::new();
    while bytes.len() < size {
        bytes.extend_from_slice(&next().to_le_bytes());
    }
    bytes.truncate(size);
    Ok(bytes)
}
