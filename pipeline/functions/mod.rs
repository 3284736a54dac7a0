//! The `functions` stage (being built).
