//! The `mixtures` stage (being built).
