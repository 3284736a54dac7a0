//! Outcomes: how an execution ended. A program's failure is one of these, never an error of ours.

super::words! {
    /// How an execution ended.
    pub enum Outcome {
        Returned = "returned": "The call returned, or the program ran to its end.",
        Raised = "raised": "An exception left the call or the program.",
        Exited = "exited": "The program ended itself: with `SystemExit`, or its process with `os._exit`, which \
            leaves frames open.",
        StepLimit = "step_limit": "The limit on recorded events was reached.",
        TimeLimit = "time_limit": "The limit on wall time was reached; the worker was ended.",
        MemoryLimit = "memory_limit": "The limit on allocated memory was reached.",
        OutputLimit = "output_limit": "The limit on text written to standard output was reached.",
        TraceLimit = "trace_limit": "The limit on encoded events was reached.",
        Crashed = "crashed": "The worker process died while it ran the program (stack overflow, forbidden system \
            call), or the program called `os.abort`.",
        UnsupportedImport = "unsupported_import": "The unit imports a module that the engine does not have.",
        CompileFailed = "compile_failed": "The unit's own source does not compile on the engine.",
        SetupFailed = "setup_failed": "The unit's source, or the input's set-up, raised before the call began.",
        InvalidInput = "invalid_input": "The call, or the set-up, of the input is not valid Python.",
    }
}

impl Outcome {
    /// Whether the program ended by itself: no limit, no crash, and it did begin.
    #[must_use]
    pub const fn is_own_end(self) -> bool {
        matches!(self, Outcome::Returned | Outcome::Raised | Outcome::Exited)
    }
}
