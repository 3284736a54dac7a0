//! The integration tests: one binary, because each one links DataFusion. A module per stage, and a few for what
//! crosses them.
#![allow(clippy::unwrap_used)]

mod harness;
mod traces;
