//! Landlock: no access to any file by path, whatever the process's user may do. Absent on kernels without it.

use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus};

use crate::error::{Error, Result};

/// Denies every file access by path, and TCP where the kernel knows how; `false` when it has no Landlock.
///
/// # Errors
/// The kernel has Landlock and still refuses.
pub fn raise() -> Result<bool> {
    restrict().map_err(|source| Error::Sandbox { layer: "landlock", source: Box::new(source) })
}

fn restrict() -> Result<bool, landlock::RulesetError> {
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V5))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}
