//! The `inputs` stage (being built).
