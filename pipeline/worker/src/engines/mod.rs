//! The engines, one folder each. `serve` picks one.

pub mod rustpython;
