//! What there is to say of an object that was deleted. Pure.

use askama::Template;
use jiff::Timestamp;

use api::ObjectKey;
use engine::rollout::CommitId;

use super::place;
use crate::web::view::commit::chip;
use crate::web::view::component::CommitChip;
use crate::web::view::time::{When, ago, seconds};

/// That it was deleted.
#[derive(Debug, Template)]
#[template(path = "object/gone.html")]
pub(crate) struct Gone {
    pub kind: String,
    pub place: String,
    pub when: Option<When>,
    pub by: String,
    pub commit: Option<CommitChip>,
    /// When something was reported about it last, where nobody knows when it went.
    pub heard: Option<When>,
    /// Its application and where that was, where it went for no commit.
    pub then: Option<(String, CommitChip)>,
    /// Empty where it does not come back like that.
    pub undelete: String,
}

/// When it was deleted, by whom and for which commit.
pub(crate) fn gone(
    key: &ObjectKey,
    kind: &str,
    (when, by, commit): (Option<Timestamp>, &str, &str),
    now: Timestamp,
) -> Gone {
    let commit = CommitId(commit.to_owned());
    let what = format!("kedge undelete {}/{}", kind.to_lowercase(), key.name);
    let said = |at: Timestamp| {
        let clock = seconds(at).replace('T', " ");
        format!("{} UTC, {}", clock.trim_end_matches('Z'), ago(at, now))
    };
    Gone {
        kind: kind.into(),
        place: place(key),
        when: when.map(|at| When { at, text: said(at) }),
        by: by.into(),
        commit: (!commit.0.is_empty()).then(|| chip(&commit)),
        heard: None,
        then: None,
        undelete: match key.namespace.as_str() {
            "" => what,
            namespace => format!("{what} -n {namespace}"),
        },
    }
}
