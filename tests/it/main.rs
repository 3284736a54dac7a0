//! The integration tests: one binary, because each one links DataFusion. A module per stage, and a few for what
//! crosses them.
#![allow(clippy::unwrap_used)]

mod architecture; // who may use whom, file lengths, where SQL lives
mod attacks; // programs that try to get out, workers that lie, missing layers
mod cli; // usage errors, configuration, one traced call, statements, interrupts
mod damage; // files that are not what was written, runs that are writing, corpora that hold nothing
mod determinism; // programs that try to see each other, hash seeds, verify
mod end_to_end; // the whole pipeline on small corpora: funnel, resuming, same bytes for any number of workers
mod executions; // hostile programs, killed workers, stopping
mod fixture; // a small dataset made by hand
mod full_disk; // a disk without room, then with room
mod harness; // runs the executable and reads what it wrote
mod kills; // runs killed at random moments end with the same bytes
mod listener; // keeps what a worker sends about a job
mod mixtures; // samples and shards over the fixture
mod packages; // units that span the modules of a package
mod requirements; // what tests need of the machine, and whether they may be skipped
mod shards; // the loaders of other people's libraries
mod sql; // the library's queries and functions, file by file
mod stand_ins; // workers that say and do what a test wants
mod traces; // what the engine tells about small programs, against CPython
mod workers; // workers that do not start, processes that are killed, units and their runs
