//! Fake workers with scripted behaviour: Python scripts that implement the template's protocol.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tracemill::workers::WorkerCommand;
use tracemill_trace::{Answer, Reply, write_frame};
use tracemill_worker::sandbox::LAYERS;

use crate::requirements::{Requirement, skip};

/// What a stand-in does.
pub(crate) struct StandIn<'a> {
    /// A layer that its greeting leaves out.
    pub(crate) without: &'a str,
    /// What a session sends, whatever it is asked.
    pub(crate) says: &'a [u8],
    /// What a session does then, in Python, before it ends with status 0.
    pub(crate) then: &'a str,
    /// What the template does before it forks a session, in Python.
    pub(crate) at_begin: &'a str,
}

impl Default for StandIn<'_> {
    fn default() -> Self {
        StandIn { without: "", says: &[], then: "pass", at_begin: "pass" }
    }
}

impl StandIn<'_> {
    /// Writes it into a folder; `None`, with a note, where there is no Python.
    pub(crate) fn write(&self, folder: &Path) -> Option<WorkerCommand> {
        let found = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        let python = match found {
            Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
            other => {
                skip("workers that lie", Requirement::Python, &format!("{other:?}"));
                return None;
            }
        };
        let layers = LAYERS.iter().map(|layer| layer.name.to_owned()).filter(|name| name != self.without).collect();
        let mut greeting = Vec::new();
        write_frame(&mut greeting, &Answer::Ready { engine: "stand-in".to_owned(), layers, missing: Vec::new() })
            .unwrap();
        fs::write(folder.join("greeting"), greeting).unwrap();
        fs::write(folder.join("says"), self.says).unwrap();
        let act = format!("os.write(reply, read('says'))\n    {}", self.then);
        let script = include_str!("stand_in.py").replace("AT_BEGIN", self.at_begin).replace("ACT", &act);
        let path = folder.join("worker");
        fs::write(&path, format!("#!{} -I\n{script}", python.trim())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Some(WorkerCommand::new(path))
    }
}

/// Lines of `starts`, `sessions` or `ends`: how often the stand-in was started, forked, and ended by itself.
pub(crate) fn count(folder: &Path, what: &str) -> usize {
    fs::read_to_string(folder.join(what)).unwrap_or_default().lines().count()
}

/// A frame of a session.
pub(crate) fn frame(reply: &Reply) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_frame(&mut bytes, reply).unwrap();
    bytes
}
