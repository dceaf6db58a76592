//! What a sync would do, to say yes to exactly that.

use engine::plan::{Counts, counts};
use engine::rollout::short;

use super::commit::chip;
use super::component::CommitChip;
use super::planned;
use super::truth::sentence;
use crate::service::PlanView;

/// What the page shows of a plan.
#[derive(Debug)]
pub(crate) struct View {
    pub commit: CommitChip,
    pub subject: String,
    pub counts: String,
    /// Whether it is all there already.
    pub nothing: bool,
    /// Class and text of each line.
    pub lines: Vec<(&'static str, String)>,
    /// Lines that are left out.
    pub hidden: usize,
    /// What left Git and stays until somebody says that it goes: `999 objects wait`; empty for none.
    pub asks: String,
    /// What the button does, and the one beside it that deletes as well; empty for none.
    pub does: String,
    pub deletes: String,
    /// Why it did not happen by itself; empty where nothing waits.
    pub waits: String,
    /// The name of the plan.
    pub digest: String,
    /// As people write it.
    pub short: String,
    pub by_hand: String,
}

/// Lines of the plan on the page.
const LINES: usize = 200;

/// `prune`: somebody says that what left Git goes.
pub(crate) fn view(plan: &PlanView, prune: bool, waits: &str) -> View {
    let (digest, nothing) = (plan.plan.digest(), plan.plan.is_empty());
    let (counts, short) = (counts(&plan.plan), short(&digest).to_owned());
    let name = &plan.application;
    View {
        commit: chip(&plan.commit.id),
        subject: plan.commit.subject().to_owned(),
        counts: counts.to_string(),
        nothing,
        lines: planned::lines(&plan.lines, LINES),
        hidden: plan.lines.len().saturating_sub(LINES),
        asks: match counts.asks {
            0 => String::new(),
            1 => "1 object waits".into(),
            many => format!("{many} objects wait"),
        },
        does: does(&counts),
        deletes: match (objects(counts.asks), nothing) {
            (None, _) => String::new(),
            (Some(objects), true) => format!("Delete {objects}"),
            (Some(objects), false) => format!("Delete {objects} as well"),
        },
        waits: sentence(waits),
        by_hand: if prune {
            format!("kedge sync {name} --prune --plan {short}")
        } else if nothing && counts.asks > 0 {
            // This very plan does nothing; the other one has another name.
            format!("kedge sync {name} --prune")
        } else {
            format!("kedge sync {name} --plan {short}")
        },
        digest,
        short,
    }
}

/// `Sync and delete 2 objects`
fn does(counts: &Counts) -> String {
    match (objects(counts.delete), counts.create + counts.change) {
        (None, _) => "Sync".into(),
        (Some(objects), 0) => format!("Delete {objects}"),
        (Some(objects), _) => format!("Sync and delete {objects}"),
    }
}

fn objects(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 object".into()),
        many => Some(format!("{many} objects")),
    }
}

#[cfg(test)]
mod tests {
    use engine::Plan;
    use engine::plan::{Change, Deletion, Kept, Step, Wave, lines};
    use serde_json::json;

    use super::*;
    use crate::service::Side;
    use crate::source::Commit;

    fn shown(created: usize, deleted: usize, asking: usize, prune: bool) -> View {
        let key = |name: &str, at| {
            let name = format!("{name}-{at}");
            api::Collection::new("", "configmaps").key("shop", name)
        };
        let kind = || "ConfigMap".to_owned();
        let step = |at| Step {
            key: key("new", at),
            kind: kind(),
            origin: engine::Origin::default(),
            object: json!({"kind": "ConfigMap"}).into(),
            change: Change::Create,
        };
        let deletion = |at| Deletion {
            key: key("gone", at),
            kind: kind(),
            uid: api::Uid("1".into()),
            wave: engine::WaveNumber::default(),
            object: None,
        };
        let kept = |at| Kept {
            key: key("kept", at),
            kind: kind(),
            reason: "many left".into(),
            asks: true,
        };
        let plan = Plan {
            waves: vec![Wave {
                number: engine::WaveNumber::default(),
                stage: 0,
                steps: (0..created).map(step).collect(),
            }],
            deletes: (0..deleted).map(deletion).collect(),
            kept: (0..asking).map(kept).collect(),
            ..Plan::default()
        };
        let plan = PlanView {
            application: "many".into(),
            from: Side::default(),
            to: Side::default(),
            commit: Commit {
                id: engine::rollout::CommitId("0123456789ab".into()),
                message: "many: fewer".into(),
                ..Commit::default()
            },
            lines: lines(&plan),
            plan,
            sides: engine::plan::Sides::default(),
        };
        view(&plan, prune, "")
    }

    #[test]
    fn the_button_says_what_it_deletes() {
        let check = |(created, deleted), expected: &str| {
            let view = shown(created, deleted, 0, true);
            assert_eq!((view.does.as_str(), view.deletes.as_str()), (expected, ""));
            let by_hand = format!("kedge sync many --prune --plan {}", view.short);
            assert_eq!(view.by_hand, by_hand);
        };
        check((0, 999), "Delete 999 objects");
        check((2, 1), "Sync and delete 1 object");
        check((2, 0), "Sync");
    }

    #[test]
    fn what_waits_for_a_word_has_a_button_of_its_own() {
        let alone = shown(0, 0, 999, false);
        assert!(alone.nothing);
        assert_eq!(alone.asks, "999 objects wait");
        assert_eq!(alone.deletes, "Delete 999 objects");
        assert_eq!(alone.by_hand, "kedge sync many --prune");
        assert!(alone.lines.iter().all(|(class, _)| *class == "bad"));
        let beside = shown(1, 0, 1, false);
        assert_eq!(
            (beside.does.as_str(), beside.deletes.as_str()),
            ("Sync", "Delete 1 object as well")
        );
        let by_hand = format!("kedge sync many --plan {}", beside.short);
        assert_eq!(beside.by_hand, by_hand);
    }
}
