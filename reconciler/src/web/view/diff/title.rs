//! What a comparison is about, in one or two words. Pure.

use engine::rollout::CommitId;

use crate::history::Rollout;
use crate::service::{PlanView, Side};
use crate::web::view::commit::chip;
use crate::web::view::component::{CommitChip, State, Tone};

/// What stands above a comparison.
#[derive(Debug)]
pub(crate) struct Title {
    pub text: String,
    pub state: Option<State>,
    pub from: Named,
    pub to: Named,
}

impl Title {
    /// Of what is no comparison.
    pub(crate) fn none(text: &str) -> Self {
        Self {
            text: text.into(),
            state: None,
            from: Named::default(),
            to: Named::default(),
        }
    }
}

/// How a side is called.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// `Live`, or what the commit was asked for as.
    pub word: String,
    pub commit: Option<CommitChip>,
    pub subject: String,
    pub author: String,
}

impl Named {
    fn of(side: &Side) -> Self {
        let Some(commit) = &side.commit else {
            return Self {
                word: "Live".into(),
                ..Self::default()
            };
        };
        let chip = chip(&commit.id);
        let word = side.rollout.as_ref();
        Self {
            word: word.map_or_else(String::new, |it| format!("rollout {}", it.number)),
            commit: Some(if side.unmerged { chip.aside() } else { chip }),
            subject: commit.subject().to_owned(),
            author: commit.author.name.clone(),
        }
    }
}

/// What it is about. `asked` tells whether somebody named a commit; `applied` is the newest commit
/// that is in the cluster, whole, and `last` the newest rollout.
pub(crate) fn title(
    view: &PlanView,
    asked: bool,
    applied: &CommitId,
    last: Option<&Rollout>,
) -> Title {
    let (text, state) = words(view, asked, applied, last);
    Title {
        text,
        state,
        from: Named::of(&view.from),
        to: Named::of(&view.to),
    }
}

fn words(
    view: &PlanView,
    asked: bool,
    applied: &CommitId,
    last: Option<&Rollout>,
) -> (String, Option<State>) {
    let side = match (&view.from.commit, &view.to.commit) {
        (Some(_), Some(_)) => return ("Between two commits".into(), None),
        (Some(_), None) => &view.from,
        _ => &view.to,
    };
    let (id, is_same) = (&view.commit.id, view.plan.is_empty());
    let waiting = view.plan.asking().count();
    let planned = last.filter(|last| last.revision == *id && !last.phase.is_final());
    if let Some(rollout) = &side.rollout {
        let title = format!("Rollout {}", rollout.number);
        return (title, Some(State::rollout(rollout)));
    }
    if side.unmerged {
        let state = State::new(Tone::Unknown, "wait", "Not merged");
        return ("Pending change".into(), Some(state));
    }
    let is_tracked = !asked || *applied == *id;
    let title = match (planned, asked) {
        _ if is_same && waiting > 0 && is_tracked => {
            let state = State::new(Tone::Warn, "wait", "Waits for your word");
            return (wait(waiting), Some(state));
        }
        (_, true) if is_same && waiting > 0 => "Differs from that commit",
        (_, false) if is_same => "Matches Git",
        (_, true) if is_same => "Matches that commit",
        (Some(rollout), _) => {
            let state = State::new(Tone::Run, "run", "Planned");
            return (format!("Rollout {}", rollout.number), Some(state));
        }
        _ if *applied == *id => {
            let state = State::new(Tone::Warn, "ne", "Live changed outside Git");
            return ("Drift".into(), Some(state));
        }
        (_, false) => "Differs from Git",
        (_, true) => "Differs from that commit",
    };
    (title.into(), None)
}

/// `2 objects wait to be deleted`
fn wait(objects: usize) -> String {
    match objects {
        1 => "1 object waits to be deleted".into(),
        many => format!("{many} objects wait to be deleted"),
    }
}

#[cfg(test)]
mod tests {
    use engine::Plan;
    use engine::plan::{Change, Kept, Sides, Step, Wave};
    use engine::rollout::RolloutPhase;
    use serde_json::json;

    use super::*;
    use crate::source::Commit;
    use crate::web::view::tests::rollout;

    fn commit(id: &str) -> Commit {
        Commit {
            id: CommitId(id.into()),
            message: "web: more".into(),
            ..Commit::default()
        }
    }

    fn view(from: Side, to: Side, differs: bool) -> PlanView {
        let step = Step {
            key: api::Collection::new("", "configmaps").key("shop", "web"),
            kind: "ConfigMap".into(),
            origin: engine::Origin::default(),
            object: json!({"kind": "ConfigMap"}).into(),
            change: Change::Create,
        };
        let plan = Plan {
            waves: vec![Wave {
                number: engine::WaveNumber::default(),
                stage: 0,
                steps: if differs { vec![step] } else { Vec::new() },
            }],
            ..Plan::default()
        };
        PlanView {
            application: "web".into(),
            commit: commit("b"),
            from,
            to,
            plan,
            lines: Vec::new(),
            sides: Sides::default(),
        }
    }

    #[test]
    fn a_title_says_what_is_compared() {
        let (live, b) = (Side::default(), Side::of(&commit("b")));
        let pending = Side {
            unmerged: true,
            ..b.clone()
        };
        let named = Side {
            rollout: Some(rollout(RolloutPhase::Failed, 0)),
            ..b.clone()
        };
        let check = |from: &Side, to: &Side, differs, asked, applied: &str, expected: &str| {
            let view = view(from.clone(), to.clone(), differs);
            let title = title(&view, asked, &CommitId(applied.into()), None);
            assert_eq!(title.text, expected);
            title.state.map(|state| state.word).unwrap_or_default()
        };
        check(&b, &pending, true, true, "b", "Between two commits");
        let state = check(&live, &pending, true, true, "a", "Pending change");
        assert_eq!(state, "Not merged");
        check(&pending, &live, true, true, "a", "Pending change");
        let number = named.rollout.as_ref().unwrap().number;
        let expected = format!("Rollout {number}");
        assert_eq!(check(&live, &named, true, true, "a", &expected), "Failed");
        check(&live, &b, false, false, "b", "Matches Git");
        check(&live, &b, false, true, "b", "Matches that commit");
        check(&live, &b, true, false, "b", "Drift");
        check(&live, &b, true, false, "a", "Differs from Git");
        check(&live, &b, true, true, "a", "Differs from that commit");
        // What nobody said a word about yet is a difference.
        let waiting = |asked, applied: &str, count: usize| {
            let mut view = view(live.clone(), b.clone(), false);
            let kept = |at| Kept {
                key: api::Collection::new("", "configmaps").key("shop", format!("m-{at}")),
                kind: "ConfigMap".into(),
                reason: "2 left".into(),
                asks: true,
            };
            view.plan.kept = (0..count).map(kept).collect();
            let title = title(&view, asked, &CommitId(applied.into()), None);
            let state = title.state.map(|state| state.word).unwrap_or_default();
            (title.text, state)
        };
        let (text, word) = waiting(false, "b", 999);
        assert_eq!(text, "999 objects wait to be deleted");
        assert_eq!(word, "Waits for your word");
        assert_eq!(waiting(true, "b", 1).0, "1 object waits to be deleted");
        assert_eq!(waiting(true, "a", 1).0, "Differs from that commit");
        // Of a rollout that has not done its work yet, it is the plan.
        let running = Rollout {
            revision: CommitId("b".into()),
            ..rollout(RolloutPhase::Pending, 0)
        };
        let view = view(live, b, true);
        let title = title(&view, false, &CommitId("a".into()), Some(&running));
        assert_eq!(title.text, format!("Rollout {}", running.number));
    }
}
