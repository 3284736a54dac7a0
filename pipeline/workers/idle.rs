//! Idle templates, and the thread that starts templates. Shared by the supervisors of a stage.
//!
//! The system ends a worker with the thread that started it. The stage's threads end with each part, so workers that
//! are to outlive them are started by a thread of their own.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::WorkerCommand;
use super::template::Template;
use crate::error::{Error, Result};

/// Idle templates, kept because starting one takes as long as some hundred small jobs.
#[derive(Debug, Clone, Default)]
pub struct IdleWorkers(Arc<Mutex<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    /// Without and with the library loaded.
    templates: [Vec<Template>; 2],
    /// To the thread that starts workers; it ends when this is dropped.
    starter: Option<Sender<Order>>,
}

/// How to start a worker that is wanted, and where to deliver it.
type Order = (WorkerCommand, Sender<Result<Template>>);

impl IdleWorkers {
    /// Ends them.
    pub fn end(&self) {
        let templates = std::mem::take(&mut self.lock().templates);
        drop(templates);
    }

    /// Leaves a template; `imports` where it has loaded the library.
    pub(super) fn put(&self, imports: bool, template: Template) {
        self.lock().templates[usize::from(imports)].push(template);
    }

    pub(super) fn take(&self, imports: bool) -> Option<Template> {
        self.lock().templates[usize::from(imports)].pop()
    }

    /// Starts a worker.
    pub(super) fn start(&self, command: &WorkerCommand) -> Result<Template> {
        let (deliver, delivered) = channel();
        let starter = match &mut self.lock().starter {
            Some(starter) => starter.clone(),
            none => none.insert(starter()?).clone(),
        };
        let gone = || Error::Internal("the thread that starts workers ended".to_owned());
        starter.send((command.clone(), deliver)).map_err(|_| gone())?;
        delivered.recv().map_err(|_| gone())?
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn starter() -> Result<Sender<Order>> {
    let (sender, orders) = channel::<Order>();
    thread::Builder::new()
        .name("starter".to_owned())
        .spawn(move || {
            for (command, deliver) in orders {
                // The supervisor that ordered it may be gone.
                let _ = deliver.send(Template::spawn(&command));
            }
        })
        .map_err(|error| Error::Internal(format!("start a thread: {error}")))?;
    Ok(sender)
}
