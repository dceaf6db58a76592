//! Which events somebody wants, and what else there is to choose.

use askama::Template;

use api::{Object, Uid};

use super::rows::MOST;
use crate::history::{ReportQuery, Reports};
use crate::web::view::component::{Links, encoded};
use crate::web::view::nothing::Nothing;

/// What is wanted of the cluster's events.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(crate) struct Query {
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub kind: String,
    /// `Warning` or `Normal`.
    #[serde(default, rename = "type")]
    pub severity: String,
    /// The last one of the page before: when it was last seen, `~`, its uid.
    #[serde(default)]
    pub before: String,
}

impl Query {
    /// Of the history, one more than a page has.
    pub(crate) fn of_history(&self) -> ReportQuery {
        let before = self.before.split_once('~');
        ReportQuery {
            kind: self.kind.clone(),
            reason: self.reason.clone(),
            severity: self.severity.clone(),
            until: None,
            before: before.and_then(|(at, uid)| Some((at.parse().ok()?, Uid(uid.to_owned())))),
            limit: u16::try_from(MOST + 1).unwrap_or(u16::MAX),
        }
    }

    /// What is chosen, as an address has it.
    fn pairs(&self) -> [(&'static str, &str); 3] {
        [
            ("kind", self.kind.as_str()),
            ("reason", &self.reason),
            ("type", &self.severity),
        ]
    }

    /// The address with another value of one choice; empty for all.
    fn with(&self, choice: &str, value: &str) -> String {
        let of = |(name, own)| (name, if name == choice { value } else { own });
        address(&self.pairs().map(of))
    }

    /// The address of what comes after this one in the list.
    pub(crate) fn after(&self, last: &Object) -> String {
        let cursor = format!("{}~{}", last.text("/lastTimestamp"), last.uid().0);
        let [kind, reason, severity] = self.pairs();
        address(&[kind, reason, severity, ("before", &cursor)])
    }

    /// The address of the first page; empty there.
    pub(crate) fn newest(&self) -> String {
        if self.before.is_empty() {
            return String::new();
        }
        address(&self.pairs())
    }

    /// Why there are none, and how to find some.
    pub(crate) fn nothing(&self) -> Nothing {
        let chosen = |name: &str| {
            self.pairs()
                .into_iter()
                .any(|it| it.0 == name && !it.1.is_empty())
        };
        if self.pairs().iter().all(|(_, value)| value.is_empty()) {
            return Nothing::new(
                "Events appear here as the scheduler, the nodes and the controllers report them.",
            );
        }
        let said = self
            .pairs()
            .into_iter()
            .filter(|(_, value)| !value.is_empty());
        let said: Vec<String> = said
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        let mut nothing = Nothing::new(format!(
            "No event of the last 30 days has {}.",
            said.join(" and ")
        ));
        for (name, label) in [
            ("kind", "All kinds"),
            ("reason", "All reasons"),
            ("type", "Warnings and others"),
        ] {
            if chosen(name) {
                nothing = nothing.or(label, self.with(name, ""));
            }
        }
        nothing
    }
}

fn address(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    if pairs.is_empty() {
        return "/events".into();
    }
    format!("/events?{}", pairs.join("&"))
}

/// Reasons that are chips; the others are in a list.
const CHIPS: usize = 8;

/// Chips that narrow the list down.
#[derive(Debug, Template)]
#[template(path = "events/filters.html")]
pub(crate) struct Filters {
    /// What is chosen, and between what.
    pub chips: Vec<(&'static str, Links)>,
    /// Reasons that have no chip: how it is called, what is shown, whether it is chosen.
    pub rest: Vec<(String, String, bool)>,
    /// What a form for them takes along.
    pub kept: Vec<(&'static str, String)>,
}

/// The severities, kinds and reasons that there are, most frequent first. What is chosen is there
/// also where nothing is of it.
pub(crate) fn filters(there: &Reports, query: &Query) -> Filters {
    let counted = |there: &[(String, i64)], asked: &str| -> Vec<(String, i64)> {
        let mut all = there.to_vec();
        if !asked.is_empty() && all.iter().all(|it| !it.0.eq_ignore_ascii_case(asked)) {
            all.insert(0, (asked.to_owned(), 0));
        }
        all
    };
    let chips = |all: &str, choice: &str, there: &[(String, i64)], asked: &str| {
        let everything = (all.to_owned(), query.with(choice, ""), asked.is_empty());
        let each = there.iter().map(|(name, count)| {
            let current = asked.eq_ignore_ascii_case(name);
            (format!("{name} {count}"), query.with(choice, name), current)
        });
        let chips: Links = std::iter::once(everything).chain(each).collect();
        chips
    };
    let mut reasons = counted(&there.reasons, &query.reason);
    let rest = reasons.split_off(reasons.len().min(CHIPS));
    let severities = counted(&there.severities, &query.severity);
    let kinds = counted(&there.kinds, &query.kind);
    let kept = query.pairs().into_iter();
    let kept = kept.filter(|(name, value)| *name != "reason" && !value.is_empty());
    Filters {
        chips: vec![
            ("Type", chips("All", "type", &severities, &query.severity)),
            ("Kind", chips("All kinds", "kind", &kinds, &query.kind)),
            (
                "Reason",
                chips("All reasons", "reason", &reasons, &query.reason),
            ),
        ],
        rest: rest
            .into_iter()
            .map(|(name, count)| {
                let is_chosen = query.reason.eq_ignore_ascii_case(&name);
                (name.clone(), format!("{name} {count}"), is_chosen)
            })
            .collect(),
        kept: kept.map(|(name, value)| (name, value.to_owned())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_keep_each_other_and_offer_every_reason() {
        let query = Query {
            kind: "pod".into(),
            reason: "Reason9".into(),
            severity: "Warning".into(),
            before: "2026-03-01T14:00:00Z~a".into(),
        };
        let there = Reports {
            kinds: vec![("Pod".into(), 3)],
            reasons: (0..11).map(|it| (format!("Reason{it}"), 20 - it)).collect(),
            ..Reports::default()
        };
        let filters = filters(&there, &query);
        let [severity, kind, reason] = &filters.chips[..] else {
            panic!("{filters:?}");
        };
        let own = "/events?kind=pod&reason=Reason9";
        assert_eq!(severity.1[0], ("All".into(), own.into(), false));
        let warning = format!("{own}&type=Warning");
        assert_eq!(severity.1[1], ("Warning 0".into(), warning, true));
        assert!(kind.1[1].2, "{kind:?}");
        assert_eq!(reason.1.len(), 1 + CHIPS);
        let rest: Vec<(&str, bool)> = filters
            .rest
            .iter()
            .map(|it| (it.0.as_str(), it.2))
            .collect();
        assert_eq!(
            rest,
            [("Reason8", false), ("Reason9", true), ("Reason10", false)]
        );
        let kept = [("kind", "pod".to_owned()), ("type", "Warning".to_owned())];
        assert_eq!(filters.kept, kept);
        let nothing = query.nothing();
        assert_eq!(
            nothing.text,
            "No event of the last 30 days has kind pod and reason Reason9 and type Warning."
        );
        assert_eq!(nothing.ways[2], ("Warnings and others", own.to_owned()));
        assert!(Query::default().nothing().ways.is_empty());
    }
}
