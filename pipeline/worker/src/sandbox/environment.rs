//! The environment: its variables are overwritten where they lie, then forgotten. The supervisor passes none; a worker
//! that is started in another way would still have them.

use super::Refusal;

/// Leaves no variable behind.
#[expect(unsafe_code, reason = "the standard library removes variables one by one and leaves their text in memory")]
pub(super) fn clear() -> Result<(), Refusal> {
    // SAFETY: the process has one thread and holds no reference into the environment. `environ` is null or ends with a
    // null pointer, and each entry is a string that the process may write to: nothing in it has set a constant one.
    unsafe {
        let mut entry = libc::environ;
        while !entry.is_null() && !(*entry).is_null() {
            libc::memset((*entry).cast(), 0, libc::strlen(*entry));
            entry = entry.add(1);
        }
        if libc::clearenv() != 0 {
            return Err("clearenv failed".into());
        }
    }
    Ok(())
}
