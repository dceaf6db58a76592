//! From the push to the proof.

use askama::Template;
use jiff::Timestamp;

use engine::rollout::RolloutPhase;

use crate::history::{Action, Rollout, RolloutDetail};
use crate::web::view::component::{Icon, Tone};
use crate::web::view::time::When;

use super::state::{AT_ONCE, by_wave, counts, is_settled, wave_state};

/// From the push to the proof.
#[derive(Debug, Template)]
#[template(path = "rollout/steps.html")]
pub(crate) struct Steps {
    pub steps: Vec<StepView>,
}

/// One of the steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepView {
    pub tone: Tone,
    pub icon: Icon,
    pub name: String,
    pub at: Option<When>,
    pub text: String,
    pub done: bool,
}

impl StepView {
    fn new(tone: Tone, icon: &'static str, name: impl Into<String>, text: String) -> Self {
        Self {
            tone,
            icon: Icon(icon),
            name: name.into(),
            at: None,
            text,
            done: tone == Tone::Ok,
        }
    }

    fn at(self, at: Timestamp) -> Self {
        Self {
            at: Some(When::clock(at)),
            ..self
        }
    }
}

pub(crate) fn steps(detail: &RolloutDetail, now: Timestamp) -> Steps {
    let rollout = &detail.rollout;
    let counts = counts(&detail.objects);
    let mut steps = vec![
        StepView::new(
            Tone::Ok,
            "ok",
            match (&rollout.asked_by, &rollout.push) {
                (Some(_), _) => "Asked for",
                (None, Some(_)) => "Pushed",
                (None, None) => "Seen",
            },
            format!("by {}", rollout.by().name),
        )
        .at(rollout.started_at),
    ];
    steps.push(if detail.objects.is_empty() && !rollout.phase.is_final() {
        StepView::new(Tone::Run, "run", "Planned", "being made".into())
    } else {
        StepView::new(Tone::Ok, "ok", "Planned", planned(counts))
    });
    for (wave, objects) in by_wave(&detail.objects) {
        let state = wave_state(rollout, &objects, now);
        let settled = objects.iter().filter(|object| is_settled(object)).count();
        let text = match state.tone {
            Tone::Ok if state.word == "unchanged" => format!("{} unchanged", objects.len()),
            Tone::Ok if state.word == AT_ONCE => format!("{} {AT_ONCE}", objects_of(objects.len())),
            Tone::Ok => format!("{} in {}", objects_of(objects.len()), state.word),
            Tone::Unknown => format!("{}, {}", objects_of(objects.len()), state.word),
            _ => format!("{settled} of {} ready", objects_of(objects.len())),
        };
        steps.push(StepView::new(
            state.tone,
            state.icon.0,
            format!("Wave {wave}"),
            text,
        ));
    }
    if counts.2 > 0 {
        let deletes = detail.objects.iter().filter(|o| o.action == Action::Delete);
        let gone = deletes.filter(|object| object.applied_at.is_some()).count();
        let text = format!("{gone} of {} deleted", counts.2);
        steps.push(if gone == counts.2 {
            StepView::new(Tone::Ok, "ok", "Pruned", text)
        } else if rollout.phase.is_final() {
            StepView::new(Tone::Unknown, "unk", "Prune", "not reached".into())
        } else {
            StepView::new(Tone::Unknown, "wait", "Prune", text)
        });
    }
    steps.push(verdict(rollout));
    Steps { steps }
}

fn objects_of(count: usize) -> String {
    match count {
        1 => "1 object".into(),
        many => format!("{many} objects"),
    }
}

fn planned((created, changed, deleted): (usize, usize, usize)) -> String {
    match created + changed + deleted {
        0 => "nothing to change".into(),
        1 => "1 change".into(),
        many => format!("{many} changes"),
    }
}

fn verdict(rollout: &Rollout) -> StepView {
    let over = |tone, icon, name: &str| StepView {
        at: rollout.finished_at.map(When::clock),
        ..StepView::new(tone, icon, name, String::new())
    };
    // Of a part of the objects nothing is proven about the commit.
    let name = if rollout.options.objects.is_empty() {
        "Proven"
    } else {
        "Converged"
    };
    match rollout.phase {
        RolloutPhase::Succeeded => over(Tone::Ok, "ok", name),
        RolloutPhase::Failed => over(Tone::Bad, "bad", "Failed"),
        RolloutPhase::Superseded => over(Tone::Unknown, "unk", "Superseded"),
        RolloutPhase::Held => over(Tone::Warn, "hold", "Held"),
        _ => StepView::new(
            Tone::Unknown,
            "proof",
            name,
            "when all of it is healthy".into(),
        ),
    }
}
