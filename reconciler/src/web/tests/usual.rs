//! The sample as most tests have it.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use super::sample::{Sample, id};

impl Default for Sample {
    fn default() -> Self {
        Self {
            asked: Mutex::default(),
            tokens: Mutex::default(),
            head: id("7f3c2ab41d0c"),
            planned_at: id("7f3c2ab41d0c"),
            counted: AtomicUsize::default(),
            planned: Mutex::default(),
            hostile: false,
            suspended: false,
            empty: false,
            many: 0,
            silent: false,
            unmeasured: false,
        }
    }
}
