//! Actions: what was done to a variable.

super::words! {
    /// What was done to a variable.
    pub enum Action {
        Bound = "bound": "It had no value in this frame before.",
        Rebound = "rebound": "It names another object now.",
        Mutated = "mutated": "It names the same object, and the object changed in place.",
        Deleted = "deleted": "It has no value any more.",
    }
}
