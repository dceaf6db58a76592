//! Documents about the kinds there are, made again when these are others.

use std::sync::{Arc, Mutex, PoisonError};

use crate::registry::kinds::Served;

/// What was made of the kinds of a moment.
pub(crate) struct Told<T> {
    make: fn(&Arc<Served>) -> T,
    last: Mutex<Option<(Arc<Served>, Arc<T>)>>,
}

impl<T> Told<T> {
    pub(crate) fn new(make: fn(&Arc<Served>) -> T) -> Self {
        Self {
            make,
            last: Mutex::default(),
        }
    }

    /// What is to be told of these kinds.
    pub(crate) fn of(&self, served: &Arc<Served>) -> Arc<T> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, told)) = &*last
            && Arc::ptr_eq(of, served)
        {
            return told.clone();
        }
        let told = Arc::new((self.make)(served));
        *last = Some((served.clone(), told.clone()));
        told
    }
}
