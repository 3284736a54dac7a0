//! The worker's own failures. What a traced program does wrong is an outcome, never one of these.

/// Errors of the worker; each message completes "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A layer of the sandbox that must not be missing could not be raised.
    #[error("raise the sandbox layer `{layer}`, which executions.sandbox.may_lack does not name")]
    Layer {
        /// The layer's name, as `Reply::Ready` reports it.
        layer: &'static str,
        /// What the kernel or the library said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A prerequisite of the sandbox failed.
    #[error("prepare the sandbox: {what}")]
    Sandbox {
        /// What was to be done.
        what: &'static str,
        /// What the kernel or the library said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The thread that runs the engine could not be started or has died.
    #[error("run the engine's thread: {reason}")]
    Thread {
        /// Why.
        reason: String,
    },
    /// The engine could not start.
    #[error("start the engine: {reason}")]
    Engine {
        /// The engine's message.
        reason: String,
    },
    /// The supervisor's pipe failed or carried something that is not a job, or not a request.
    #[error("exchange frames with the supervisor")]
    Frames(#[from] tracemill_trace::FrameError),
    /// The control socket failed.
    #[error("receive requests from the supervisor")]
    Control(#[source] std::io::Error),
    /// A request came without the descriptors that it needs.
    #[error("serve a request that came with {count} descriptors")]
    Descriptors {
        /// How many came.
        count: usize,
    },
}

/// The worker's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of a prerequisite of the sandbox.
    pub(crate) fn sandbox(what: &'static str) -> impl FnOnce(std::io::Error) -> Error {
        move |source| Error::Sandbox { what, source: Box::new(source) }
    }
}
