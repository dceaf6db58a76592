//! What must never happen, and did.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Cheap to clone; all clones are one list.
#[derive(Clone, Default)]
pub struct Violations {
    found: Arc<Mutex<Vec<String>>>,
}

impl Violations {
    pub fn report(&self, text: String) {
        self.locked().push(text);
    }

    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.locked())
    }

    fn locked(&self) -> MutexGuard<'_, Vec<String>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
