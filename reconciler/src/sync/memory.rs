//! What is worth remembering of an Application between two passes. Losing it costs time, never
//! truth.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use api::ObjectKey;
use engine::Plan;
use engine::progress::Told;
use engine::rollout::Correction;

/// One Application's.
#[derive(Default)]
pub(crate) struct Memory {
    /// The last plan, under everything it depends on.
    pub(crate) plan: Option<(String, Arc<Plan>)>,
    /// What was put back lately.
    pub(crate) corrections: BTreeMap<ObjectKey, Correction>,
    /// What was said in the course of a rollout.
    pub(crate) course: Course,
}

/// Of one rollout: each thing is said once.
#[derive(Default)]
pub(crate) struct Course {
    pub(crate) rollout: String,
    pub(crate) told: Told,
    /// Status and message of each object, as recorded.
    pub(crate) health: BTreeMap<ObjectKey, (String, String)>,
    /// The plan that is recorded.
    pub(crate) plan: String,
}

impl Memory {
    /// The course of this rollout; of another one nothing is remembered.
    pub(crate) fn course(&mut self, rollout: &str) -> &mut Course {
        if self.course.rollout != rollout {
            self.course = Course {
                rollout: rollout.to_owned(),
                ..Course::default()
            };
        }
        &mut self.course
    }
}

/// Everybody's. A pass takes out what is its Application's and puts it back.
#[derive(Clone, Default)]
pub(crate) struct Memories {
    all: Arc<Mutex<BTreeMap<String, Memory>>>,
}

impl Memories {
    pub(crate) fn take(&self, application: &str) -> Memory {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(application).unwrap_or_default()
    }

    pub(crate) fn put(&self, application: &str, memory: Memory) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(application.to_owned(), memory);
    }
}
