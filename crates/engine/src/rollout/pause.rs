//! Why nothing happens although something would have to.

use serde::Serialize;

use super::decide::{Observed, gate, is_settled, may_start};
use crate::plan::{Kept, Plan};

/// What an Application waits for that is neither an object nor another Application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// One word: `Suspended`, `SyncWindow`, `Manual`, `Approval`.
    pub reason: &'static str,
    /// One sentence.
    pub message: String,
}

impl Pause {
    /// Somebody wants it left alone.
    pub const SUSPENDED: &str = "Suspended";
    /// Everything is as the commit has it, but for what is deleted only when somebody says so.
    pub const APPROVAL: &str = "Approval";
    /// The commit waits for a sync by hand.
    pub const MANUAL: &str = "Manual";

    /// No rollout may begin now.
    pub const WINDOW: &str = "SyncWindow";
    const REASONS: [&str; 4] = [Self::SUSPENDED, Self::APPROVAL, Self::MANUAL, Self::WINDOW];

    /// As an Application's condition `Paused` tells it.
    pub fn told(condition: &api::Condition) -> Option<Self> {
        let mut reasons = Self::REASONS.into_iter();
        let reason = reasons.find(|it| *it == condition.reason)?;
        (condition.status == "True").then(|| Self {
            reason,
            message: condition.message.clone(),
        })
    }

    /// Whether it ends with a person's word.
    pub fn asks(&self) -> bool {
        self.reason == Self::APPROVAL || self.reason == Self::MANUAL
    }
}

/// `None` where nothing stands in the way, or where there is nothing to do.
pub fn pause(observed: &Observed) -> Option<Pause> {
    if let Some(why) = observed.suspended {
        return Some(Pause {
            reason: Pause::SUSPENDED,
            message: why.to_owned(),
        });
    }
    let last = observed.last;
    if last.is_some_and(|last| !last.phase.is_final()) {
        return None;
    }
    let differs = observed.plan.is_ok_and(|plan| !Plan::is_empty(plan));
    let settled = last.is_some_and(|last| is_settled(observed, last));
    let policy = &observed.application.policy;
    let waits = if settled {
        differs && policy.self_heal && !observed.on_hold
    } else {
        differs || last.is_none_or(|last| last.revision != observed.desired.revision)
    };
    if !waits {
        return approval(observed);
    }
    if !settled && !may_start(observed) {
        let revision = observed.desired.revision.short();
        let name = &observed.application.name;
        return Some(Pause {
            reason: Pause::MANUAL,
            message: format!("commit {revision} waits for a sync by hand: kedge sync {name}"),
        });
    }
    let closed = gate(observed).map(|closed| Pause {
        reason: Pause::WINDOW,
        message: closed.sentence(),
    });
    closed.or_else(|| approval(observed))
}

/// What left the commit and goes only when somebody says so.
fn approval(observed: &Observed) -> Option<Pause> {
    if observed.restoring {
        return None;
    }
    let asking: Vec<&Kept> = observed.plan.ok()?.asking().collect();
    let first = asking.first()?;
    let title = first.title();
    let what = match asking.len() {
        1 => title,
        all => format!("{title} and {} more", all - 1),
    };
    let (reason, name) = (&first.reason, &observed.application.name);
    Some(Pause {
        reason: Pause::APPROVAL,
        message: format!("deletes {what} only when asked ({reason}): kedge sync {name} --prune"),
    })
}

#[test]
fn a_condition_tells_what_it_told() {
    let check = |status: &str, reason: &str, expected: Option<&str>| {
        let condition = api::Condition {
            status: status.into(),
            reason: reason.into(),
            message: "so".into(),
            ..api::Condition::default()
        };
        let told = Pause::told(&condition);
        assert_eq!(told.as_ref().map(|it| it.reason), expected);
        assert!(told.is_none_or(|it| it.message == "so"));
    };
    for reason in Pause::REASONS {
        check("True", reason, Some(reason));
        check("False", reason, None);
    }
    check("True", "NotPaused", None);
}
