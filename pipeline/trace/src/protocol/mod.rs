//! The messages between the processes, and the frames that carry them.
//!
//! | file | messages |
//! | --- | --- |
//! | [`job`] | jobs, and the replies to them |
//! | [`limits`], [`coverage`], [`outcome`] | their parts: the limits of an execution, its coverage, its last message |
//! | [`template`] | requests to a template, and its answers |
//! | [`frames`] | how each message is written and read, with the caps on what is read |

pub mod coverage;
pub mod frames;
pub mod job;
pub mod limits;
pub mod outcome;
pub mod template;
