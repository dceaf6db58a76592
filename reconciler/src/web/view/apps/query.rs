//! What the list of applications is asked for, and the addresses that ask for it.

use super::super::component::encoded;
use super::super::facts::Facts;
use super::super::nothing::Nothing;

/// Which applications to show, from the page's address.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Query {
    /// A health in any case, or empty for all.
    #[serde(default)]
    pub health: String,
    /// A sync status in any case, or empty for all.
    #[serde(default)]
    pub sync: String,
    /// Words in name, path, commit or message.
    #[serde(default)]
    pub q: String,
    /// `name`, `health` or `recent`; empty is by name.
    #[serde(default)]
    pub sort: String,
    /// From 1; what is no number is the first.
    #[serde(default)]
    pub page: String,
}

impl Query {
    /// The address of the same list, in another order or on another page.
    pub(super) fn address(&self, sort: &str, page: usize) -> String {
        let page = if page > 1 {
            page.to_string()
        } else {
            String::new()
        };
        let sort = if sort == "name" { "" } else { sort };
        written([
            ("health", self.health.as_str()),
            ("sync", &self.sync),
            ("q", &self.q),
            ("sort", sort),
            ("page", &page),
        ])
    }

    /// The address of those in one state, with the words and the order that were chosen.
    pub(super) fn state(&self, state: Option<(&'static str, &str)>) -> String {
        let state = state.unwrap_or_default();
        written([state, ("q", &self.q), ("sort", &self.sort)])
    }

    /// Why none of `all` applications is shown, and how to see more.
    pub(super) fn nothing(&self, all: usize) -> Nothing {
        let words = self.q.trim();
        let mut said = Vec::new();
        if !words.is_empty() {
            said.push(format!("has {words} in its name, path, commit or message"));
        }
        for state in [&self.health, &self.sync] {
            if !state.is_empty() {
                said.push(format!("is {state}"));
            }
        }
        let text = format!("None of {all} applications {}.", said.join(" and "));
        let mut nothing = Nothing::new(text);
        if !words.is_empty() && said.len() > 1 {
            let other = Self {
                q: String::new(),
                ..self.clone()
            };
            nothing = nothing.or("Without the words", other.address(self.sort(), 1));
            nothing = nothing.or("In any state", self.state(None));
        }
        nothing.or("All applications", "/apps")
    }

    /// What was chosen besides words, as fields of a form.
    pub(crate) fn kept(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("health", &self.health),
            ("sync", &self.sync),
            ("sort", &self.sort),
        ];
        let said = all.into_iter().filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| (name, value.clone())).collect()
    }

    pub(crate) fn sort(&self) -> &'static str {
        match self.sort.as_str() {
            "health" => "health",
            "recent" => "recent",
            _ => "name",
        }
    }

    pub(crate) fn page(&self) -> usize {
        self.page.parse::<usize>().unwrap_or(1).max(1)
    }

    /// Whether this application is asked for.
    pub(crate) fn admits(&self, facts: &Facts) -> bool {
        let is = |wanted: &str, word: &str| wanted.is_empty() || wanted.eq_ignore_ascii_case(word);
        is(&self.health, facts.state().as_str())
            && is(&self.sync, facts.sync.as_str())
            && self.finds(facts)
    }

    /// Whether the words that are asked for are in it.
    pub(super) fn finds(&self, facts: &Facts) -> bool {
        let wanted = self.q.trim();
        if wanted.is_empty() {
            return true;
        }
        let last = facts.last.as_ref();
        let text = format!(
            "{} {} {} {}",
            facts.name,
            facts.path(),
            last.map_or("", |last| last.revision.0.as_str()),
            last.map_or("", |last| last.subject()),
        );
        text.to_lowercase().contains(&wanted.to_lowercase())
    }
}

/// An address of the list.
fn written<const N: usize>(parts: [(&str, &str); N]) -> String {
    let said = parts.into_iter().filter(|(_, value)| !value.is_empty());
    let said: Vec<String> = said
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    if said.is_empty() {
        return "/apps".into();
    }
    format!("/apps?{}", said.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_rows_says_what_was_asked_for() {
        let query = |health: &str, q: &str| Query {
            health: health.into(),
            q: q.into(),
            ..Query::default()
        };
        let nothing = query("", "shop").nothing(12);
        assert_eq!(
            nothing.text,
            "None of 12 applications has shop in its name, path, commit or message."
        );
        assert_eq!(nothing.ways, [("All applications", "/apps".to_owned())]);
        let nothing = query("missing", "shop").nothing(12);
        assert!(nothing.text.ends_with("message and is missing."));
        let ways: Vec<&str> = nothing.ways.iter().map(|way| way.1.as_str()).collect();
        assert_eq!(ways, ["/apps?health=missing", "/apps?q=shop", "/apps"]);
    }

    #[test]
    fn each_choice_keeps_the_others() {
        let query = Query {
            health: "degraded".into(),
            q: "shop & co".into(),
            sort: "recent".into(),
            page: "3".into(),
            ..Query::default()
        };
        let words = "q=shop%20%26%20co";
        assert_eq!(
            query.address("name", 1),
            format!("/apps?health=degraded&{words}")
        );
        assert_eq!(
            query.address("recent", 2),
            format!("/apps?health=degraded&{words}&sort=recent&page=2")
        );
        assert_eq!(query.state(None), format!("/apps?{words}&sort=recent"));
        assert_eq!(
            query.state(Some(("sync", "outofsync"))),
            format!("/apps?sync=outofsync&{words}&sort=recent")
        );
        let kept = [("health", "degraded"), ("sort", "recent")];
        assert_eq!(
            query.kept(),
            kept.map(|(name, value)| (name, value.to_owned()))
        );
        assert_eq!(Query::default().state(None), "/apps");
    }
}
