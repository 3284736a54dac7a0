//! Objects of the program as text, exceptions and their messages, and literals as objects.

pub(crate) mod exceptions;
pub(crate) mod identity;
pub(crate) mod literals;
pub(crate) mod messages;
pub(crate) mod program_repr;
pub(crate) mod repr;
