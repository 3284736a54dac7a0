//! How long the supervisor waits for its workers, and the form in which `poll` takes that.

use std::time::Duration;

use rustix::event::Timespec;

/// How long a template may take to answer.
pub(super) const ANSWER: Duration = Duration::from_secs(30);

/// A duration as the system takes it.
pub(super) fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
