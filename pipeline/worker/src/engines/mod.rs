//! The engines, one folder each. The configuration names one; [`named`] finds it.

pub mod rustpython;

use crate::engine::EngineKind;

/// Every engine in this executable.
pub static ENGINES: &[&EngineKind] = &[&rustpython::KIND];

/// The engine of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static EngineKind> {
    ENGINES.iter().copied().find(|engine| engine.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_found_by_its_name_and_has_the_version_that_is_locked() {
        let engine = named("rustpython").unwrap();
        assert!(named("cpython").is_none());
        let lock = std::fs::read_to_string("../../Cargo.lock").unwrap();
        let entry = format!("name = \"rustpython-vm\"\nversion = \"{}\"\n", engine.version);
        assert!(lock.contains(&entry), "{engine}");
    }
}
