//! Scopes: where a variable lives.

super::words! {
    /// Where a variable lives, in the order in which states show them.
    pub enum Scope {
        Local = "local": "A local variable of the frame, cells included.",
        Captured = "captured": "A variable captured from an enclosing function.",
        Global = "global": "A global of the unit that the frame's code uses.",
        Iterator = "iterator": "The iterator of a `for` loop or comprehension that is running.",
        Stack = "stack": "An entry of the value stack; only at instruction granularity.",
    }
}

impl Scope {
    /// Whether the program has a name for what lives there.
    #[must_use]
    pub const fn is_named(self) -> bool {
        matches!(self, Scope::Local | Scope::Captured | Scope::Global)
    }
}
