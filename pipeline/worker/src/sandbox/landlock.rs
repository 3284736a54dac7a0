//! Landlock: no access to any file by path, whatever the process's user may do; no TCP, no signal and no abstract
//! socket beyond the process, where the kernel knows how.

use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope};

use super::Refusal;

/// Denies all of it.
///
/// # Errors
/// The kernel has no Landlock, or refuses.
pub fn raise() -> Result<(), Refusal> {
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V6))?
        .handle_access(AccessNet::from_all(ABI::V6))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .restrict_self()?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err("the kernel has no Landlock".into()),
        _ => Ok(()),
    }
}
