//! The executable: the command line, and, started again as `tracemill worker`, one sandboxed worker.

use std::process::ExitCode;

use tracemill_worker::sandbox::memory::CountingAllocator;

/// Counts what a traced program allocates; passes everything through in the orchestrator.
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() -> ExitCode {
    tracemill::cli::main()
}
