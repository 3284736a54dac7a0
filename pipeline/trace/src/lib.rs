//! The protocol between orchestrator and worker, and the replay of recorded events.
//!
//! ```text
//!  orchestrator                                   worker (sandboxed, hostile once it has run a program)
//!    Job  ──────────── frames ──────────────▶     engine runs the program
//!    Reply ◀────────── frames ───────────────     Events…, Finished
//! ```
//!
//! | module | what it holds | knows |
//! | --- | --- | --- |
//! | [`vocabulary`] | the words of the data, each once | nothing |
//! | [`event`], [`value`], [`borrowed`] | events, changes and values, with texts of their own or borrowed | the vocabulary |
//! | [`addresses`] | addresses of objects in text | nothing |
//! | [`replay`] | the one replay of changes into the state of frames | the above |
//! | [`wire`] | events as bytes: encoder, decoder, collector | the above |
//! | [`protocol`] | the messages between the processes, and their frames | the vocabulary and values |
//!
//! Nothing here knows Arrow, the engine, or the file system. The orchestrator treats every byte that a worker sends
//! as untrusted: see [`protocol::frames`] for the caps.

pub mod addresses;
pub mod borrowed;
pub mod event;
pub mod protocol;
pub mod replay;
pub mod value;
pub mod vocabulary;
pub mod wire;

pub use addresses::{shows_address, strip_addresses};
pub use borrowed::{CallRef, ChangeRef, EventRef, InstructionRef, ValueRef, VariableRef};
pub use event::{Change, Event, Frame, Instruction, Operation};
pub use protocol::coverage::{Coverage, Point, PointKind, hit_class};
pub use protocol::frames::{FrameError, MAX_FRAME_BYTES, events_head, events_in, message_in, read_frame, write_frame};
pub use protocol::job::{Job, JobKind, Reply, Slice, Subscription};
pub use protocol::limits::Limits;
pub use protocol::outcome::{Exception, Finished};
pub use protocol::template::{Answer, MAX_REQUEST_BYTES, MAX_RUNS, Request, SessionKind};
pub use replay::{FrameState, Pushes, Replay, Variable};
pub use value::Value;
pub use vocabulary::{Action, EventKind, Granularity, Label, Outcome, Scope};
pub use wire::{Collector, Decoder, Encoder, Malformed, Visitor};
