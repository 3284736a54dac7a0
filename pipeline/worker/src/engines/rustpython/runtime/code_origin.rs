//! Where code comes from. The pieces of a job have file names of their own; all other code is the library's.

use rustpython_vm::{
    VirtualMachine,
    frame::{current_code, frame_at_offset},
};

/// File name of the unit's own code: its frames are recorded.
pub(crate) const UNIT: &str = "<unit>";
/// File name of the set-up: its frames are counted, not recorded.
pub(crate) const SETUP: &str = "<setup>";
/// File name of the call.
pub(crate) const CALL: &str = "<call>";
/// File name of the check.
pub(crate) const CHECK: &str = "<check>";

/// Whether code of that file name came with the job.
pub(crate) fn is_of_job(path: &str) -> bool {
    matches!(path, UNIT | SETUP | CALL | CHECK)
}

/// Whether a piece of the job runs, or the library for it, and not a module that is being imported.
pub(crate) fn is_called_for_job(vm: &VirtualMachine) -> bool {
    for offset in 0.. {
        let Some(frame) = frame_at_offset(offset, vm) else { break };
        let path = frame.iframe().code().source_path().as_str();
        if path.contains("importlib") {
            break;
        }
        if is_of_job(path) {
            return true;
        }
    }
    false
}

/// Whether the call comes from a piece of the job, not from the library.
pub(crate) fn is_called_by_job() -> bool {
    current_code().is_some_and(|code| is_of_job(code.source_path().as_str()))
}
