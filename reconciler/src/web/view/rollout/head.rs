//! Its name, state, commits, what can be done, and its failure in one sentence.

use askama::Template;
use jiff::Timestamp;

use engine::rollout::RolloutPhase;

use super::Beside;
use crate::history::Rollout;
use crate::web::view::app::{Truth, can_undo};
use crate::web::view::commit::{href as href_of, proof as proof_of};
use crate::web::view::component::{CommitChip, Icon, State, Tone, encoded};
use crate::web::view::facts::{rollout_of, undone};
use crate::web::view::graph::app_href;
use crate::web::view::time::{When, took};
use crate::web::view::truth::{failed_elsewhere, sentence};

/// Its name, state, commits and what can be done.
#[derive(Debug, Template)]
#[template(path = "rollout/head.html")]
pub(crate) struct Head {
    pub number: i64,
    pub href: String,
    pub state: State,
    pub app: String,
    pub app_href: String,
    pub from: Option<CommitChip>,
    pub to: CommitChip,
    pub subject: String,
    /// Who had it happen.
    pub author: String,
    pub initials: String,
    /// Whose commit it is, where somebody else asked for it.
    pub made: String,
    /// Name and address of what it undoes.
    pub undoes: Option<(String, String)>,
    /// Name and address of the one that took back what it brought.
    pub taken_back: Option<(String, String)>,
    /// Name and address of the one that it tries again.
    pub tries: Option<(String, String)>,
    /// Name and address of the held one that it takes up again, and of the one that takes up this one.
    pub goes_on_from: Option<(String, String)>,
    pub goes_on_as: Option<(String, String)>,
    /// Name and address of the one that went well since it failed.
    pub mended: Option<(String, String)>,
    pub duration: String,
    /// Address of its proof; empty where none was made.
    pub proof: String,
    /// When what it wrote was undone.
    pub undone: Option<When>,
    /// Address of the page that leaves the application alone; empty where nothing runs.
    pub hold: String,
    pub rollback: String,
    /// Addresses of the ones before and after; empty where there is none.
    pub before: String,
    pub after: String,
}

/// `newest` is the number of the application's newest rollout; 0: there are no neighbours.
pub(crate) fn head(rollout: &Rollout, beside: &Beside, newest: i64, now: Timestamp) -> Head {
    let named = |id: &str| (id.to_owned(), format!("/rollouts/{}", encoded(id)));
    let href = format!("/rollouts/{}", encoded(&rollout.id));
    let end = rollout.finished_at.unwrap_or(now);
    let duration = took(rollout.started_at.duration_until(end));
    let undone = undone(rollout);
    Head {
        number: rollout.number,
        state: State::rollout(rollout),
        app: rollout.application.clone(),
        app_href: app_href(&rollout.application),
        from: (!rollout.previous.0.is_empty())
            .then(|| CommitChip::new(&rollout.previous, href_of(&rollout.previous))),
        to: CommitChip::new(&rollout.revision, href_of(&rollout.revision)),
        subject: rollout.subject().to_owned(),
        author: rollout.by().name.clone(),
        initials: initials(&rollout.by().name),
        made: match &rollout.asked_by {
            Some(_) => rollout.author.name.clone(),
            None => String::new(),
        },
        taken_back: rollout.taken_back.as_ref().map(|it| named(&it.rollout)),
        undoes: (!undone.is_empty()).then(|| {
            let kind = rollout_of(&undone).map_or("commits", |_| "rollouts");
            let to = format!("/{kind}/{}", encoded(&undone));
            (undone, to)
        }),
        tries: rollout.first_try.as_ref().map(|it| named(&it.rollout)),
        goes_on_from: beside.goes_on_from(rollout).map(named),
        goes_on_as: beside.goes_on_as(rollout).map(named),
        mended: beside.mended_by(rollout).map(named),
        duration: if rollout.phase.is_final() {
            format!("took {duration}")
        } else {
            format!("running {duration}")
        },
        proof: if rollout.phase == RolloutPhase::Succeeded && !rollout.options.is_partial() {
            proof_of(rollout)
        } else {
            String::new()
        },
        undone: rollout.undone_at.map(|at| When::ago(at, now)),
        hold: if rollout.phase.is_final() {
            String::new()
        } else {
            format!("{}/suspend", app_href(&rollout.application))
        },
        rollback: if can_undo(rollout) {
            format!("{href}/rollback")
        } else {
            String::new()
        },
        before: neighbour(rollout, rollout.number - 1, newest),
        after: neighbour(rollout, rollout.number + 1, newest),
        href,
    }
}

fn neighbour(rollout: &Rollout, number: i64, newest: i64) -> String {
    if (1..=newest).contains(&number) {
        format!("/rollouts/{}-{number}", encoded(&rollout.application))
    } else {
        String::new()
    }
}

/// The first letters of the first and last word.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.last().and_then(|word| word.chars().next());
    first
        .into_iter()
        .chain(last)
        .collect::<String>()
        .to_uppercase()
}

/// The failure in one sentence, at the top of the page. Nothing while it may still succeed.
pub(crate) fn truth(rollout: &Rollout, beside: &Beside, is_newest: bool) -> Truth {
    let failed = rollout.phase == RolloutPhase::Failed;
    let mended = beside.mended_by(rollout);
    Truth {
        // What went by is told, and is no alarm any more.
        tone: failed.then_some(mended.map_or(Tone::Bad, |_| Tone::Unknown)),
        icon: Icon("bad"),
        heading: match failed_elsewhere(&rollout.message) {
            Some(_) => format!(
                "{} was stopped at {}: the commit failed elsewhere",
                rollout.application,
                rollout.revision.short()
            ),
            None => format!(
                "{} did not become healthy at {}",
                rollout.application,
                rollout.revision.short()
            ),
        },
        details: sentence(&rollout.message),
        since: None,
        until: None,
        then: mended.map_or_else(String::new, |by| format!("Rollout {by} went well since.")),
        // What is wrong now is not why an older one failed.
        actions: match mended {
            Some(by) => vec![("What mended it", format!("/rollouts/{}", encoded(by)))],
            None if failed && is_newest => {
                vec![("Why", format!("{}/why", app_href(&rollout.application)))]
            }
            None => Vec::new(),
        },
    }
}
