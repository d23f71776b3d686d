//! Stopping the work from another thread: children are killed at once, with all they started.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};

/// A switch that stops [`pick`](crate::pick). Clones share one switch; it cannot be switched back.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    cancelled: bool,
    // Process groups of children that have not been reaped yet, so that no number here can belong to a stranger.
    running: Vec<Pid>,
}

impl Cancel {
    /// A switch that is not pressed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops all work that was given this switch, now and later.
    pub fn cancel(&self) {
        let mut state = self.state();
        state.cancelled = true;
        for group in &state.running {
            // A group that has just ended is no failure.
            let _ = kill_process_group(*group, Signal::KILL);
        }
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state().cancelled
    }

    /// Remembers a child's group; kills it at once when the switch was pressed meanwhile.
    pub(crate) fn enter(&self, group: Pid) {
        let mut state = self.state();
        if state.cancelled {
            let _ = kill_process_group(group, Signal::KILL);
        }
        state.running.push(group);
    }

    /// Forgets a child's group, to be called before the child is reaped.
    pub(crate) fn leave(&self, group: Pid) {
        self.state().running.retain(|other| *other != group);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
