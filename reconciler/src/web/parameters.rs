//! What the parameters of an address may be, page by page: one place, so that a value that cannot be read is
//! answered in one way everywhere. What a page does not know it does not look at.

use axum::extract::{MatchedPath, Query, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::error::PageError;

/// What a value may be. An empty one is none.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// One of these words, in any case.
    Word(&'static [&'static str]),
    /// From 1.
    Number,
    Moment,
    /// A moment, or the number of a rollout.
    Point,
    /// The last event of the page before.
    Event,
    /// Which object of a list: of whatever text.
    Text,
}

type Known = &'static [(&'static str, Kind)];

const HEALTH: &[&str] = &[
    "healthy",
    "suspended",
    "progressing",
    "missing",
    "degraded",
    "unknown",
];
const OUTCOMES: &[&str] = &["failed", "held", "rollback", "running", "drift"];
const HISTORY: [(&str, Kind); 4] = [
    ("outcome", Kind::Word(OUTCOMES)),
    ("state", Kind::Word(&["running"])),
    ("before", Kind::Point),
    ("trail", Kind::Text),
];

/// The parameters of a page that has some. Those of comparisons and of logs say it themselves.
fn known(page: &str) -> Known {
    match page {
        "/apps" => &[
            ("health", Kind::Word(HEALTH)),
            ("sync", Kind::Word(&["synced", "outofsync", "unknown"])),
            ("sort", Kind::Word(&["name", "health", "recent"])),
            ("page", Kind::Number),
            ("q", Kind::Text),
        ],
        "/apps/{app}" => &[
            ("view", Kind::Word(&["graph", "list"])),
            ("only", Kind::Word(&["unhealthy"])),
            ("page", Kind::Number),
        ],
        "/apps/{app}/sync" => &[("prune", Kind::Word(&["true", "false"]))],
        "/apps/{app}/objects/{kind}/{namespace}/{name}" => &[
            ("tab", Kind::Word(&["status", "yaml", "events"])),
            ("page", Kind::Number),
            ("format", Kind::Word(&["yaml"])),
        ],
        "/apps/{app}/history" => &HISTORY,
        "/rollouts" => &[HISTORY[0], HISTORY[1], ("before", Kind::Moment), HISTORY[3]],
        "/proofs/{commit}/{app}" => &[("page", Kind::Number)],
        "/nodes" => &[("by", Kind::Word(&["memory", "cpu"])), ("mark", Kind::Text)],
        "/events" => &[
            ("type", Kind::Word(&["warning", "normal"])),
            ("before", Kind::Event),
            ("reason", Kind::Text),
            ("kind", Kind::Text),
        ],
        "/search" => &[("q", Kind::Text)],
        _ => &[],
    }
}

/// What they are called.
#[cfg(test)]
pub(super) fn names(page: &str) -> impl Iterator<Item = &'static str> {
    known(page).iter().map(|(name, _)| *name)
}

impl Kind {
    fn admits(self, value: &str) -> bool {
        let is_moment = |text: &str| text.parse::<Timestamp>().is_ok();
        let number = || value.parse::<u64>().is_ok_and(|number| number > 0);
        match self {
            Self::Word(words) => words.iter().any(|word| word.eq_ignore_ascii_case(value)),
            Self::Number => number(),
            Self::Moment => is_moment(value),
            Self::Point => is_moment(value) || number(),
            Self::Event => value.split_once('~').is_some_and(|(at, _)| is_moment(at)),
            Self::Text => true,
        }
    }

    /// What it may be, in words.
    fn words(self) -> String {
        const TIME: &str = "a time such as 2026-03-01T14:00:00Z";
        match self {
            Self::Word([only]) => format!("{only}, or nothing"),
            Self::Word([first @ .., last]) => format!("{} or {last}", first.join(", ")),
            Self::Number => "a number from 1 on".into(),
            Self::Moment => TIME.into(),
            Self::Point => format!("{TIME}, or the number of a rollout"),
            Self::Event => "what the link to older events has".into(),
            Self::Word([]) | Self::Text => "a text".into(),
        }
    }
}

/// What is wrong with the parameters of a page; the first of them.
fn wrong(page: &str, pairs: &[(String, String)]) -> Option<String> {
    known(page).iter().find_map(|(name, kind)| {
        let mut values = pairs.iter().filter(|(said, _)| said == name);
        let (_, value) = values.next()?;
        if values.next().is_some() {
            return Some(format!("{name} is said twice"));
        }
        let is_read = value.is_empty() || kind.admits(value);
        (!is_read).then(|| format!("{name} is {}, not {value}", kind.words()))
    })
}

/// Answers an address that has a value which cannot be read.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let page = request.extensions().get::<MatchedPath>();
    let page = page.map_or("", MatchedPath::as_str);
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    match pairs.ok().and_then(|Query(pairs)| wrong(page, &pairs)) {
        Some(wrong) => PageError::BadParameter(wrong).into_response(),
        None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_read_is_named_as_it_is_written() {
        let check = |page: &str, name: &str, value: &str, expected: &str| {
            let told = wrong(page, &[(name.to_owned(), value.to_owned())]);
            assert_eq!(told.unwrap_or_default(), expected, "{page}?{name}={value}");
        };
        let time = "a time such as 2026-03-01T14:00:00Z";
        check("/apps", "page", "x", "page is a number from 1 on, not x");
        check("/apps", "page", "0", "page is a number from 1 on, not 0");
        check("/apps", "page", "2", "");
        check("/apps", "health", "Degraded", "");
        check("/apps", "nothing", "x", "");
        check("/nodes", "by", "foo", "by is memory or cpu, not foo");
        check("/nodes", "by", "", "");
        check(
            "/apps/{app}",
            "view",
            "foo",
            "view is graph or list, not foo",
        );
        check(
            "/apps/{app}",
            "only",
            "x",
            "only is unhealthy, or nothing, not x",
        );
        check(
            "/rollouts",
            "before",
            "3",
            &format!("before is {time}, not 3"),
        );
        let history = "/apps/{app}/history";
        check(history, "before", "3", "");
        check(history, "before", "2026-03-01T14:00:00Z", "");
        let either = format!("before is {time}, or the number of a rollout, not x");
        check(history, "before", "x", &either);
        check(
            "/events",
            "before",
            "x",
            "before is what the link to older events has, not x",
        );
        check("/events", "before", "2026-03-01T14:00:00Z~u-1", "");
        check(
            "/apps/{app}/sync",
            "prune",
            "1",
            "prune is true or false, not 1",
        );
        let twice = ["a", "b"].map(|value| ("q".to_owned(), value.to_owned()));
        assert_eq!(wrong("/search", &twice).unwrap(), "q is said twice");
        assert_eq!(wrong("/", &twice), None);
    }
}
