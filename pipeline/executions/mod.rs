//! The `executions` stage (being built).
