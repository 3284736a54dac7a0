//! The engine that the configuration names. Reading rejects a name that no engine has.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tracemill_worker::engine::EngineKind;
use tracemill_worker::engines::{ENGINES, named};

/// The name of an engine of this executable, in the configuration and in fingerprints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineName(&'static EngineKind);

impl EngineName {
    /// The engine.
    #[must_use]
    pub fn kind(self) -> &'static EngineKind {
        self.0
    }

    /// Every name.
    pub fn all() -> impl Iterator<Item = &'static str> {
        ENGINES.iter().map(|engine| engine.name)
    }
}

/// The one that `default.toml` names; a test holds the two together.
impl Default for EngineName {
    fn default() -> Self {
        EngineName(&tracemill_worker::engines::rustpython::KIND)
    }
}

impl Serialize for EngineName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}

impl<'de> Deserialize<'de> for EngineName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        named(&name).map(EngineName).ok_or_else(|| de::Error::custom(format!("there is no engine `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, load};

    #[test]
    fn the_default_is_that_of_the_default_configuration() {
        assert_eq!(load(None, &Overrides::default()).unwrap().executions.engine, EngineName::default());
    }

    #[test]
    fn a_name_that_no_engine_has_is_an_error_that_lists_those_there_are() {
        let set = vec!["executions.engine=\"cpython\"".to_owned()];
        let error = load(None, &Overrides { set, ..Overrides::default() }).unwrap_err().to_string();
        assert!(error.contains("executions.engine") && error.contains("one of `rustpython`"), "{error}");
    }
}
