//! What the texts of a job can lay hands on. Called by the engine, which looks at less where a program can do less.

use tracemill_trace::Job;

/// Without one of these words there is no way to a module, to the interpreter or to a name that the text does not hold.
const REACHES: [&str; 16] = [
    "import",
    "__",
    "getattr",
    "setattr",
    "delattr",
    "globals",
    "locals",
    "vars",
    "eval",
    "exec",
    "compile",
    "_frame",
    "f_back",
    "f_builtins",
    "f_globals",
    "gi_code",
];

/// Words without which a program that does not reach out has nothing that runs when it ends: no generator that could
/// still have something to do.
const SLEEPS: [&str; 2] = ["yield", "async"];

/// Words without which a program that the search runs hardly notices when its objects end.
const NOTICES: [&str; 4] = ["__del__", "weakref", "gc", "finally"];

/// The job may notice when its own objects end, or those of a job before it. What it shows then decides about inputs, not
/// about what is recorded.
pub(super) fn notices_ends(job: &Job) -> bool {
    texts(job).any(|text| NOTICES.iter().any(|word| text.contains(word)))
}

/// The job's texts; those of its check without the name that it has for the result.
fn texts(job: &Job) -> impl Iterator<Item = &str> {
    let check = job.check.iter().flat_map(|check| check.split("__result__"));
    [&job.source, &job.setup, &job.call].into_iter().map(String::as_str).chain(check)
}

/// The job can lay hands on modules, or on names that its texts do not hold.
pub(super) fn reaches_out(job: &Job) -> bool {
    texts(job).any(|text| REACHES.iter().any(|word| text.contains(word)))
}

/// A job that does not reach out can see when an object of its own ends.
pub(super) fn ends_visibly(job: &Job) -> bool {
    texts(job).any(|text| SLEEPS.iter().any(|word| text.contains(word)))
}
