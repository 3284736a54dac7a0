//! The `shards` stage (being built).
