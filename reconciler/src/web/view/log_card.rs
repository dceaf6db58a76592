//! The card with the log of one container, or of many: what is looked for, the lines, where they
//! go on.

use askama::Template;

use super::component::{Icon, Links, encoded};
use super::logs::LogLine;
use super::nothing::Nothing;

/// Spans of time that are offered.
const SPANS: [(&str, &str); 4] = [
    ("", "all"),
    ("5m", "5 minutes"),
    ("1h", "an hour"),
    ("24h", "a day"),
];

/// The card.
#[derive(Debug, Template)]
#[template(path = "logs/card.html")]
pub(crate) struct Card {
    pub title: &'static str,
    /// Whose log it is, for those who do not see it.
    pub label: String,
    /// What is chosen, and between what.
    pub switches: Vec<(&'static str, Links)>,
    pub search: Search,
    pub lines: Vec<LogLine>,
    /// Lines that were found, and are older than those.
    pub omitted: usize,
    /// What cannot be read, where the rest can.
    pub errors: Vec<String>,
    /// In place of lines.
    pub note: Nothing,
    /// Whether the lines come later.
    pub late: bool,
    /// Where the log goes on; empty where it is over.
    pub stream: String,
    /// Where it is a file; empty where there is none.
    pub download: String,
}

impl Card {
    /// Whether no line says how bad it is.
    fn plain(&self) -> bool {
        self.lines.iter().all(|line| line.level.is_empty())
    }

    fn count(&self) -> String {
        match self.omitted {
            0 if self.lines.len() == 1 => "1 line".into(),
            0 => format!("{} lines", self.lines.len()),
            more => format!(
                "the newest {} of {} lines",
                self.lines.len(),
                self.lines.len() + more
            ),
        }
    }
}

/// What of a log is shown.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// The page that is asked again.
    pub address: String,
    /// What goes along: name and value.
    pub kept: Vec<(&'static str, String)>,
    pub choices: Vec<Choice>,
    pub grep: String,
    pub since: String,
}

/// One of several, or all of them.
#[derive(Debug)]
pub(crate) struct Choice {
    /// In the address.
    pub name: &'static str,
    /// For people: `pod`.
    pub what: &'static str,
    /// Where none of them is chosen: `all pods`.
    pub all: &'static str,
    pub values: Vec<String>,
    /// Empty for all of them.
    pub chosen: String,
}

impl Choice {
    /// The values; also the one that is chosen, where it is none of them.
    fn offered(&self) -> Vec<(&str, bool)> {
        let mut all: Vec<&str> = self.values.iter().map(String::as_str).collect();
        if !self.chosen.is_empty() && !all.contains(&self.chosen.as_str()) {
            all.push(&self.chosen);
        }
        all.into_iter()
            .map(|value| (value, value == self.chosen))
            .collect()
    }
}

impl Search {
    /// Each span in the address and in words, and whether it is the one that is shown.
    fn spans(&self) -> Vec<(&str, &str, bool)> {
        let mut spans = SPANS.to_vec();
        if spans.iter().all(|(value, _)| *value != self.since) {
            spans.push((&self.since, &self.since));
        }
        spans
            .into_iter()
            .map(|(value, words)| (value, words, value == self.since))
            .collect()
    }

    /// What narrows it down: name and value.
    fn narrowing(&self) -> impl Iterator<Item = (&str, &str)> {
        let choices = self.choices.iter();
        let choices = choices.map(|choice| (choice.name, choice.chosen.as_str()));
        let all = choices.chain([("grep", self.grep.as_str()), ("since", &self.since)]);
        all.filter(|(_, value)| !value.is_empty())
    }

    /// All of this for an address.
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let kept = self.kept.iter();
        let kept = kept.map(|(name, value)| (*name, value.as_str()));
        kept.chain(self.narrowing())
    }

    /// The address of the page without one of them.
    fn without(&self, which: &str) -> String {
        address(
            &self.address,
            self.pairs().filter(|(name, _)| *name != which),
        )
    }

    /// Where what is shown goes on.
    pub(crate) fn stream(&self, page: &str, after: &str) -> String {
        address(page, self.pairs().chain([("after", after)]))
    }

    /// Where it is a file.
    pub(crate) fn file(&self, page: &str) -> String {
        address(page, self.pairs().chain([("download", "1")]))
    }

    /// Why there are no lines, and how to find some. `whose` is `container api`, or `any pod`.
    pub(crate) fn nothing(&self, whose: &str) -> Nothing {
        let chosen = || self.choices.iter().filter(|it| !it.chosen.is_empty());
        let named = chosen().map(|it| format!("{} {}", it.what, it.chosen));
        let named: Vec<String> = named.collect();
        let whose = if named.is_empty() {
            whose.to_owned()
        } else {
            named.join(", ")
        };
        let text = match (self.grep.as_str(), self.since.as_str()) {
            ("", "") => format!("Nothing was printed yet by {whose}"),
            ("", since) => format!("Nothing was printed by {whose} in the last {since}"),
            (grep, "") => format!("No line of {whose} matches the regular expression {grep}"),
            (grep, since) => format!(
                "No line of {whose} in the last {since} matches the regular expression {grep}"
            ),
        };
        let mut nothing = Nothing::new(format!("{text}."));
        if !self.grep.is_empty() {
            nothing = nothing.or("Whatever it says", self.without("grep"));
        }
        if !self.since.is_empty() {
            nothing = nothing.or("However old", self.without("since"));
        }
        for choice in chosen() {
            nothing = nothing.or(choice.all, self.without(choice.name));
        }
        nothing
    }
}

fn address<'a>(page: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    format!("{page}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(pod: &str, grep: &str, since: &str) -> Search {
        Search {
            address: "/apps/web/logs".into(),
            kept: vec![("run", "now".into())],
            choices: vec![Choice {
                name: "pod",
                what: "pod",
                all: "All pods",
                values: vec!["web-0".into(), "web-1".into()],
                chosen: pod.into(),
            }],
            grep: grep.into(),
            since: since.into(),
        }
    }

    #[test]
    fn what_is_not_found_says_what_was_looked_for_and_leads_further() {
        let check = |search: Search, text: &str, ways: &[(&str, &str)]| {
            let nothing = search.nothing("any pod");
            assert_eq!(nothing.text, text);
            let found: Vec<(&str, &str)> = nothing
                .ways
                .iter()
                .map(|(label, href)| (*label, href.strip_prefix("/apps/web/logs?").unwrap()))
                .collect();
            assert_eq!(found, ways);
        };
        check(
            search("", "", ""),
            "Nothing was printed yet by any pod.",
            &[],
        );
        check(
            search("", "a b", ""),
            "No line of any pod matches the regular expression a b.",
            &[("Whatever it says", "run=now")],
        );
        check(
            search("web-2", "a+", "5m"),
            "No line of pod web-2 in the last 5m matches the regular expression a+.",
            &[
                ("Whatever it says", "run=now&pod=web-2&since=5m"),
                ("However old", "run=now&pod=web-2&grep=a%2B"),
                ("All pods", "run=now&grep=a%2B&since=5m"),
            ],
        );
    }

    #[test]
    fn what_is_asked_for_is_offered_again() {
        let search = search("gone", "", "90s");
        let spans = search.spans();
        assert_eq!(spans.last(), Some(&("90s", "90s", true)));
        assert!(spans.iter().rev().skip(1).all(|span| !span.2));
        assert_eq!(
            search.choices[0].offered(),
            [("web-0", false), ("web-1", false), ("gone", true)]
        );
    }
}
