//! Rows for tests.

use jiff::Timestamp;

use crate::history::{Apply, Push, Rollout, Trigger, Verdict};
use engine::rollout::{CommitId, RolloutPhase};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

pub(crate) fn rollout(started: i64, finished: Option<i64>) -> Rollout {
    Rollout {
        id: "shop-1".into(),
        application: "shop".into(),
        number: 1,
        push: None,
        revision: CommitId("1".into()),
        previous: CommitId::default(),
        author: crate::source::Person::default(),
        commit_message: String::new(),
        trigger: Trigger::Push,
        rollback_of: String::new(),
        rollback: None,
        digest: String::new(),
        first_try: None,
        same_as_previous: false,
        phase: RolloutPhase::Succeeded,
        message: String::new(),
        changed: Some(true),
        started_at: at(started),
        began_at: None,
        deadline_at: None,
        finished_at: finished.map(at),
        undone_at: None,
        taken_back: None,
        asked_by: None,
        options: engine::rollout::Options::default(),
    }
}

pub(crate) fn push(received: i64) -> Push {
    Push {
        id: "p".into(),
        repository: "hosted".into(),
        branch: "main".into(),
        old_revision: CommitId::default(),
        new_revision: CommitId("1".into()),
        pusher: String::new(),
        trigger: Trigger::Push,
        received_at: at(received),
        verdict: Verdict::Accepted,
        report: String::new(),
    }
}

pub(crate) fn apply(attempt: i32, finished: Option<i64>, error: &str) -> Apply {
    Apply {
        attempt,
        wave: 0,
        began_at: at(0),
        finished_at: finished.map(at),
        error: error.into(),
    }
}
