//! Objects of the program as text, exceptions and their messages, and literals as objects.
//!
//! `repr` renders objects, `exceptions` renders exceptions with it, and `messages` corrects their messages.

pub(super) mod exceptions;
pub(super) mod identity;
pub(super) mod literals;
pub(super) mod messages;
pub(super) mod program_repr;
pub(super) mod repr;
