//! The `corpora` stage (being built).
