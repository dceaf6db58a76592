//! The bar that says which moment it is, with the way to others.

use std::sync::Arc;

use askama::Template;
use jiff::{SignedDuration, Timestamp};

use super::repositories::UNKEPT;
use super::state::Past;
use crate::history::{DriftQuery, Rollout, RolloutQuery};
use crate::web::app::App;
use crate::web::view::commit;
use crate::web::view::component::{CommitChip, Icon, encoded};
use crate::web::view::tape::{self, Day, Tape};
use crate::web::view::time::{When, ago, seconds};

/// As much of the present as the tape shows beside the moment.
const AFTER: SignedDuration = SignedDuration::from_hours(4);
/// Rollouts on one tape.
const MOST: u16 = 5_000;

#[derive(Template)]
#[template(path = "past/bar.html")]
pub(super) struct Bar {
    pub(super) cluster: String,
    pub(super) when: When,
    pub(super) ago: String,
    pub(super) commit: Option<CommitChip>,
    /// What of the page is not kept; empty where all of it is.
    pub(super) unkept: &'static str,
    /// The page of the present.
    pub(super) now: String,
    /// The moments after the rollouts before and after; empty where there is none.
    pub(super) before: String,
    pub(super) after: String,
    pub(super) tape: Tape,
}

pub(super) async fn bar(app: &App, past: &Past, path: &str, query: &str) -> String {
    let now = app.env.now();
    let end = (past.at + AFTER).min(now);
    let query_of = RolloutQuery {
        before: Some(end + SignedDuration::from_micros(1)),
        limit: 200,
        ..RolloutQuery::default()
    };
    // Without the history there is no way along, and the page is still the page.
    let near = app.backend.rollouts(&query_of).await.unwrap_or_default();
    let all = RolloutQuery {
        since: Some(end - tape::SPAN),
        limit: MOST,
        ..query_of
    };
    let drifts = DriftQuery {
        since: all.since,
        before: all.before,
        limit: MOST,
        ..DriftQuery::default()
    };
    let rollouts = app.backend.rollouts(&all).await.unwrap_or_default();
    let day = tape::Day {
        rollouts: Arc::new(rollouts.into_iter().map(Arc::new).collect()),
        drifts: app.backend.drifts(&drifts).await.unwrap_or_default(),
    };
    let near = (near.as_slice(), &day);
    let bar = make(&app.settings.cluster, past, (path, query), near, now);
    bar.render().unwrap_or_default()
}

/// The rollouts around the moment and those of the tape's day, newest first.
pub(super) fn make(
    cluster: &str,
    past: &Past,
    (path, query): (&str, &str),
    (near, day): (&[Rollout], &Day),
    now: Timestamp,
) -> Bar {
    let at = |moment: Timestamp| address(path, query, &moment.to_string());
    let (before, after) = neighbours(near, past.at);
    let end = (past.at + AFTER).min(now);
    Bar {
        cluster: cluster.to_owned(),
        when: When {
            at: past.at,
            text: format!(
                "{} UTC",
                seconds(past.at).replace('T', " ").trim_end_matches('Z')
            ),
        },
        ago: ago(past.at, now),
        commit: (!past.commit.0.is_empty()).then(|| {
            let page = address(&commit::href(&past.commit), "", &past.asked);
            CommitChip::new(&past.commit, page)
        }),
        unkept: unkept(path),
        now: address(path, query, ""),
        before: before.map(at).unwrap_or_default(),
        after: after.map(at).unwrap_or_default(),
        tape: tape::past(day, end, past.at, &|event| at(event.moment())),
    }
}

/// What of a page nobody wrote down.
fn unkept(path: &str) -> &'static str {
    if path.starts_with("/repos") {
        UNKEPT
    } else if path.starts_with("/changes") {
        "Plans are kept for a month, as they were made; nothing is planned anew in the past."
    } else {
        ""
    }
}

/// The ends of the rollouts right before and right after a moment.
pub(super) fn neighbours(
    near: &[Rollout],
    at: Timestamp,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let ends = || near.iter().filter_map(|rollout| rollout.finished_at);
    (
        ends().filter(|end| *end < at).max(),
        ends().filter(|end| *end > at).min(),
    )
}

/// The same page at another moment; empty for now.
pub(super) fn address(path: &str, query: &str, moment: &str) -> String {
    let others = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && name != "at"
    });
    let mut pairs: Vec<String> = others.map(ToOwned::to_owned).collect();
    if !moment.is_empty() {
        pairs.push(format!("at={}", encoded(moment)));
    }
    if pairs.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", pairs.join("&"))
    }
}
