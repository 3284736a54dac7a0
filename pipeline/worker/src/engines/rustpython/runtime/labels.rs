//! The labels of a job: causes for which its execution may differ from CPython, or from another run of itself. Each is
//! noted where its cause is seen; `job` takes them at the end. What they mean is in [`tracemill_trace::Label`].

use tracemill_trace::Label;

use crate::engines::rustpython::job_state;
pub(crate) use crate::engines::rustpython::job_state::LabelSet;

/// Notes a label.
pub(crate) fn note(label: Label) {
    job_state::with(|job| job.labels.set(job.labels.get().with(label)));
}

/// Notes each label of a set.
pub(crate) fn note_all(labels: LabelSet) {
    job_state::with(|job| job.labels.set(job.labels.get().union(labels)));
}

/// Whether the label was noted.
pub(crate) fn is_noted(label: Label) -> bool {
    noted().contains(label)
}

/// The labels noted so far.
pub(crate) fn noted() -> LabelSet {
    job_state::with(|job| job.labels.get())
}

/// Restores an earlier set of labels.
pub(crate) fn restore(labels: LabelSet) {
    job_state::with(|job| job.labels.set(labels));
}

/// Takes the names of what was noted, sorted.
pub(crate) fn take() -> Vec<String> {
    job_state::with(|job| job.labels.take()).names()
}
