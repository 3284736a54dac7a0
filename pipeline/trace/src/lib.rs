//! The language between tracemill's two processes.
//!
//! ```text
//!  orchestrator                                   worker (sandboxed, hostile once it has run a program)
//!    Job  ──────────── frames ──────────────▶     engine runs the program
//!    Reply ◀────────── frames ───────────────     Events…, Finished
//! ```
//!
//! Nothing here knows Arrow, the engine, or the file system. The orchestrator treats every byte that a worker sends
//! as untrusted: see [`frames`] for the caps.

pub mod coverage;
pub mod event;
pub mod frames;
pub mod job;
pub mod limits;
pub mod outcome;
pub mod pushes;
pub mod template;
pub mod value;
pub mod wire;

pub use coverage::{Coverage, Point, PointKind, hit_class};
pub use event::{Action, Change, Event, EventKind, Frame, Instruction, Operation, Scope};
pub use frames::{FrameError, MAX_FRAME_BYTES, events_head, events_in, message_in, read_frame, write_frame};
pub use job::{Granularity, Job, JobKind, Reply, Subscription};
pub use limits::Limits;
pub use outcome::{Exception, Finished, Outcome};
pub use pushes::{Kept, Pushes};
pub use template::{Answer, MAX_RUNS, Request, SessionKind};
pub use value::Value;
pub use wire::{
    ChangeRef, Collector, Decoder, Encoder, EventRef, InstructionRef, Malformed, States, ValueRef, VariableRef, Visitor,
};
