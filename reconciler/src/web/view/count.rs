//! The numbers beside the sections of the navigation.

use askama::Template;

/// What there is to look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Applications that need somebody.
    pub needy: usize,
    /// Rollouts that run.
    pub running: usize,
    /// Changes that are not merged.
    pub changes: usize,
}

/// One of them; nothing where it is none.
#[derive(Debug, Template)]
#[template(path = "count.html")]
pub(crate) struct Count {
    pub id: &'static str,
    pub number: usize,
    pub word: &'static str,
}

impl Counts {
    pub(crate) fn applications(self) -> Count {
        let word = if self.needy == 1 {
            "needs you"
        } else {
            "need you"
        };
        count("count-apps", self.needy, word)
    }

    pub(crate) fn rollouts(self) -> Count {
        count("count-rollouts", self.running, "running")
    }

    pub(crate) fn changes(self) -> Count {
        count("count-changes", self.changes, "open")
    }
}

fn count(id: &'static str, number: usize, word: &'static str) -> Count {
    Count { id, number, word }
}
