//! What an engine needs of the sandbox: which layers it can run under, and which system calls it makes.

use super::{LAYERS, Layer};

/// What one engine needs. The default is the strictest: every layer, and no call beyond those of every worker.
#[derive(Debug, Default)]
pub struct Profile {
    /// Layers that the engine cannot run under, by name, each with the reason.
    pub without: &'static [(&'static str, &'static str)],
    /// System calls that the engine makes beyond those of every worker, each with the reason.
    pub calls: &'static [(libc::c_long, &'static str)],
}

impl Profile {
    /// The strictest.
    pub const STRICT: Profile = Profile { without: &[], calls: &[] };

    /// The layers that a worker with this engine raises, in their order.
    pub fn layers(&self) -> impl Iterator<Item = &'static Layer> + use<'_> {
        LAYERS.iter().filter(|layer| !self.without.iter().any(|(name, _)| *name == layer.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_that_an_engine_cannot_run_under_is_left_out() {
        let profile = Profile { without: &[("root", "it reads its library from files")], ..Profile::STRICT };
        let names: Vec<&str> = profile.layers().map(|layer| layer.name).collect();
        assert_eq!(names.len(), LAYERS.len() - 1);
        assert!(!names.contains(&"root"), "{names:?}");
        assert_eq!(Profile::STRICT.layers().count(), LAYERS.len());
    }
}
