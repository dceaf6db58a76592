//! What may be done about what is not well, each with its page and the command that does the same. Pure.

use serde::Serialize;

use crate::history::Rollout;
use crate::web::view::app::can_undo;
use crate::web::view::component::encoded;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::web) struct Action {
    pub text: String,
    pub href: String,
    pub command: String,
}

/// About the node of a pod that nobody hears of.
pub(super) fn of_node(name: &str) -> Action {
    Action {
        text: format!("Node {name}"),
        href: format!("/nodes/{}", encoded(name)),
        command: format!("kubectl describe node {name}"),
    }
}

/// About the version that the rollout brought. In the past nothing can be rolled back.
pub(super) fn of_rollout(rollout: &Rollout, past: bool) -> Vec<Action> {
    let (id, app) = (&rollout.id, &rollout.application);
    let href = format!("/rollouts/{}", encoded(id));
    let mut actions = Vec::new();
    if !rollout.previous.0.is_empty() && rollout.previous != rollout.revision {
        actions.push(Action {
            text: "Compare it with what ran before".into(),
            href: format!("{href}/diff"),
            command: format!(
                "kedge diff {app} --revision {}..{}",
                rollout.previous.short(),
                rollout.revision.short()
            ),
        });
    }
    if can_undo(rollout) && !past {
        actions.push(Action {
            text: format!("Roll back {}", rollout.first().revision.short()),
            href: format!("{href}/rollback"),
            command: format!("kedge rollback {id}"),
        });
    }
    actions.push(Action {
        text: format!("Rollout {id}"),
        href,
        command: format!("kedge rollout {id}"),
    });
    actions
}

#[test]
fn a_rollback_is_offered_where_there_is_something_before() {
    let first = crate::web::view::tests::rollout(engine::rollout::RolloutPhase::Failed, 60);
    let told = |rollout: &Rollout, past: bool| -> Vec<String> {
        let all = of_rollout(rollout, past).into_iter();
        all.map(|action| action.text).collect()
    };
    let first = Rollout {
        previous: engine::rollout::CommitId::default(),
        ..first
    };
    let is = format!("Rollout {}", first.id);
    assert_eq!(told(&first, false), [is.as_str()]);
    let second = Rollout {
        previous: engine::rollout::CommitId("e2a9c14".into()),
        ..first
    };
    let compare = "Compare it with what ran before";
    let back = format!("Roll back {}", second.revision.short());
    assert_eq!(told(&second, false), [compare, &back, &is]);
    assert_eq!(told(&second, true), [compare, &is]);
}
