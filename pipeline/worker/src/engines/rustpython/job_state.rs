//! What belongs to one job. It is created when a job begins, so no field is reset separately. A candidate that starts from
//! a loaded unit then takes over the labels and the random stream as the source left them.
//!
//! Replacements in the interpreter's types are plain `fn` pointers and get no argument of ours. So the state is reached
//! through one thread-local. A process that is forked after a unit's source has run starts with a copy of it.
//!
//! The engine keeps other state in thread-locals and statics, because it lives shorter or longer than a job:
//!
//! | where | what | lifetime |
//! | --- | --- | --- |
//! | `recording::observer` `OBSERVER` | the observer of the code that runs | one observation; several in a job |
//! | `runtime::termination` `SENDER`, `CLASS` | the channel to the interpreter; the class of the exception that stops a program | the interpreter |
//! | `isolation::loaded_modules` `LIBRARY`, `NOTES` | the modules that were loaded ahead; the notes taken while they load | the interpreter |
//! | `compatibility::csv_dialects` `NAMES` | the registered dialects in their order | the interpreter, like its registry |
//! | `compatibility::set_order` `TABLES` | the hash tables of sets | their sets, which may outlive a job |
//! | `compatibility::set_order` `INSTALLED`, originals, `NEW`; `compatibility::numbers` `DIVIDE`, `POWER` | originals of replaced functions, and whether they are replaced | the interpreter's types, which outlive interpreters |
//! | `instrumentation::probe` `MADE`, `HANDLER` | whether the class of probes exists; the function that a probe calls | the same |
//! | `values::messages::verified` `KINDS` | a constant table, parsed once | the thread |
//! | `recording::frame_snapshot` `STATES` | snapshots that a test compares with the events | one test |

use std::{
    cell::{Cell, RefCell},
    mem::ManuallyDrop,
};

use rustpython_vm::{
    PyObjectRef, PyRef,
    builtins::{PyBaseExceptionRef, PyCode},
    frame::InterpreterFrame,
};
use tracemill_trace::{Exception, Label, Outcome};

/// The state of one job.
pub(crate) struct JobState {
    /// Labels noted so far.
    pub(crate) labels: Cell<LabelSet>,
    /// The frame that called a function whose result does not depend on the order of what it iterates; null for none.
    pub(crate) order_free_caller: Cell<*const InterpreterFrame>,
    /// Whether and how the program is being stopped. The source, the set-up and the call share one, because a stop of one
    /// of them ends the job; see [`with_own_termination`] for what runs besides them.
    pub(crate) termination: Termination,
    /// Code that runs with a termination of its own was stopped.
    pub(crate) other_was_stopped: Cell<bool>,
    /// The state of the stream of random bytes.
    pub(crate) random: Cell<u64>,
    /// How deep the program may recurse.
    pub(crate) recursion: Cell<Recursion>,
    /// What the program has written to its standard output.
    pub(crate) output: Output,
    /// Rendering by the program's own `__repr__`.
    pub(crate) program_repr: ProgramRepr,
    /// The `SET_UPDATE` that is about to run.
    pub(crate) set_update: SetUpdate,
    /// The modules that came with the job.
    pub(crate) modules: RefCell<Vec<JobModule>>,
}

/// A set of labels.
#[derive(Clone, Copy, Default)]
pub(crate) struct LabelSet(u32);

/// How a program is being stopped.
pub(crate) struct Termination {
    /// The limit that was reached, or how the program ended its process; the first one counts.
    pub(crate) outcome: Cell<Option<Outcome>>,
    /// How the program ended its own process.
    pub(crate) exit: RefCell<Option<Exception>>,
    /// How often the exception that stops it was raised.
    pub(crate) raises: Cell<u32>,
    /// Code of the library was cut short.
    pub(crate) cut_library: Cell<bool>,
    /// Steps charged for long computations and not counted yet.
    pub(crate) owed_steps: Cell<u64>,
}

/// How deep a program may recurse.
#[derive(Clone, Copy)]
pub(crate) struct Recursion {
    /// Frames that the program may have.
    pub(crate) depth: usize,
    /// Frames of ours below them.
    pub(crate) own: usize,
    /// The limit that the program has set.
    pub(crate) requested: i64,
}

/// What a program has written to its standard output.
pub(crate) struct Output {
    /// There is text for the next event.
    pub(crate) has_pending: Cell<bool>,
    /// The text itself. Kept outside of the recorder: an object that dies while the recorder works may still print.
    pub(crate) text: RefCell<OutputText>,
    /// The program has closed its standard output.
    pub(crate) is_closed: Cell<bool>,
}

/// Written text, kept twice.
pub(crate) struct OutputText {
    /// For the next event.
    pub(crate) pending: String,
    /// From the beginning.
    pub(crate) whole: String,
    /// Bytes that `whole` may have.
    pub(crate) limit: usize,
}

/// Rendering by the program's own `__repr__`.
pub(crate) struct ProgramRepr {
    /// The job requests it.
    pub(crate) is_wanted: bool,
    /// Lines that the rendering in progress may still run; `None` while there is none.
    pub(crate) lines_left: Cell<Option<u32>>,
}

/// A module that came with the job.
#[derive(Clone)]
pub(crate) struct JobModule {
    /// Its full name.
    pub(crate) name: String,
    /// Whether it is a package.
    pub(crate) is_package: bool,
    /// Its code, or the error that the compiler gave, which an import raises.
    pub(crate) code: Result<PyRef<PyCode>, PyBaseExceptionRef>,
}

/// What a `SET_UPDATE` that is about to run works on.
pub(crate) struct SetUpdate {
    /// The set that it changes.
    pub(crate) set: RefCell<Option<PyObjectRef>>,
    /// The address of what it adds; 0 for none.
    pub(crate) added: Cell<usize>,
}

/// The first state of the stream of random bytes.
const RANDOM_SEED: u64 = 0x7261_6365_6d69_6c6c;
/// The recursion limit before the job sets its own.
const FIRST_RECURSION: Recursion = Recursion { depth: 1_000, own: 0, requested: 1_000 };

impl JobState {
    /// The state of a job that has not begun.
    pub(crate) const fn new(output_bytes: usize, wants_program_repr: bool) -> Self {
        JobState {
            labels: Cell::new(LabelSet(0)),
            order_free_caller: Cell::new(std::ptr::null()),
            termination: Termination::new(),
            other_was_stopped: Cell::new(false),
            random: Cell::new(RANDOM_SEED),
            recursion: Cell::new(FIRST_RECURSION),
            output: Output {
                has_pending: Cell::new(false),
                text: RefCell::new(OutputText::new(output_bytes)),
                is_closed: Cell::new(false),
            },
            program_repr: ProgramRepr { is_wanted: wants_program_repr, lines_left: Cell::new(None) },
            set_update: SetUpdate { set: RefCell::new(None), added: Cell::new(0) },
            modules: RefCell::new(Vec::new()),
        }
    }
}

impl Termination {
    const fn new() -> Self {
        Termination {
            outcome: Cell::new(None),
            exit: RefCell::new(None),
            raises: Cell::new(0),
            cut_library: Cell::new(false),
            owed_steps: Cell::new(0),
        }
    }
}

impl OutputText {
    /// Empty, with room for so many bytes.
    pub(crate) const fn new(limit: usize) -> Self {
        OutputText { pending: String::new(), whole: String::new(), limit }
    }
}

impl LabelSet {
    /// The set with one label more.
    pub(crate) fn with(self, label: Label) -> Self {
        LabelSet(self.0 | 1 << label as u32)
    }

    /// The labels that are in one of the sets.
    pub(crate) fn union(self, other: LabelSet) -> Self {
        LabelSet(self.0 | other.0)
    }

    /// Whether the label is in it.
    pub(crate) fn contains(self, label: Label) -> bool {
        self.0 & 1 << label as u32 != 0
    }

    /// The names of its labels, sorted.
    pub(crate) fn names(self) -> Vec<String> {
        Label::ALL.iter().filter(|label| self.contains(**label)).map(|label| label.name().to_owned()).collect()
    }
}

thread_local! {
    // Probes read it at each event. A value without a destructor is reached without a check whether it still lives. The
    // thread of an interpreter ends with its process.
    static JOB: ManuallyDrop<RefCell<JobState>> =
        const { ManuallyDrop::new(RefCell::new(JobState::new(usize::MAX, false))) };
}

/// Reads or changes the state of the job that runs. `read` must run no code of the program.
#[inline]
pub(crate) fn with<T>(read: impl FnOnce(&JobState) -> T) -> T {
    JOB.with(|job| read(&job.borrow()))
}

/// Begins a job, with nothing left of the one before.
pub(crate) fn begin(state: JobState) {
    let before = JOB.with(|job| job.replace(state));
    // Dropped when nothing is borrowed any more, because an object that ends may run code of the program.
    drop(before);
}

/// Runs code besides the job's source, set-up and call, with a [`Termination`] of its own: a stopped program does not
/// stop it, and how it is stopped does not count for the job.
pub(crate) fn with_own_termination<T>(run: impl FnOnce() -> T) -> T {
    let install = |termination| JOB.with(|job| std::mem::replace(&mut job.borrow_mut().termination, termination));
    let of_job = install(Termination::new());
    let result = run();
    let own = install(of_job);
    if own.outcome.get().is_some() {
        with(|job| job.other_was_stopped.set(true));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_labels_holds_each_of_them() {
        let all = Label::ALL.iter().fold(LabelSet::default(), |set, label| set.with(*label));
        assert_eq!(all.names(), Label::ALL.map(Label::name));
        assert!(all.names().is_sorted());
        assert_eq!(LabelSet::default().with(Label::Random).with(Label::Hash).names(), ["hash", "random"]);
        assert!(!LabelSet::default().with(Label::Random).contains(Label::Hash));
    }
}
