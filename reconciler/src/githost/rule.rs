//! What may be done to which branches and tags: pure.

use serde::Serialize;

/// Refs that are Kedge's own.
const OWN: &str = "refs/kedge/";
/// Characters of a pattern, and users that one rule names.
const PATTERN: usize = 200;
const PUSHERS: usize = 1_000;

/// A rule for the refs whose names fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// `main`, `release/*`, `refs/tags/v*`: a branch unless it begins with `refs/`. `*` stands for
    /// anything but `/`, `**` for anything.
    pub pattern: String,
    pub allow_force: bool,
    pub allow_deletion: bool,
    /// Who may push; nobody named: whoever may write.
    pub pushers: Vec<String>,
}

impl Rule {
    /// What holds for a branch of which nobody said anything.
    pub fn strict(pattern: &str) -> Self {
        Self {
            pattern: pattern.to_owned(),
            allow_force: false,
            allow_deletion: false,
            pushers: Vec::new(),
        }
    }

    /// Why there cannot be such a rule.
    pub(super) fn problem(&self) -> Option<String> {
        let (pattern, most) = (&self.pattern, PATTERN);
        let bad = |c: char| c.is_whitespace() || c.is_control() || "~^:?[\\".contains(c);
        if pattern.is_empty() || pattern.len() > most || pattern.contains(bad) {
            return Some(format!(
                "{pattern:?} is no pattern: write main, release/* or refs/tags/v*"
            ));
        }
        let named = self.pushers.len();
        (named > PUSHERS).then(|| format!("{named} users are more than a rule can name"))
    }

    fn fits(&self, name: &str) -> bool {
        if self.pattern.starts_with("refs/") {
            return fits(&self.pattern, name);
        }
        let branch = name.strip_prefix("refs/heads/");
        branch.is_some_and(|branch| fits(&self.pattern, branch))
    }
}

/// Whether `text` is one of those that `pattern` stands for.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => {
            let Some(text) = text.strip_prefix(start) else {
                return false;
            };
            let (rest, crosses) = match rest.strip_prefix('*') {
                Some(rest) => (rest, true),
                None => (rest, false),
            };
            let ends = text.char_indices().map(|(at, c)| (at, Some(c)));
            let ends = ends.chain([(text.len(), None)]);
            for (at, next) in ends {
                if fits(rest, &text[at..]) {
                    return true;
                }
                if next == Some('/') && !crosses {
                    return false;
                }
            }
            false
        }
    }
}

/// What is about to happen to a ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is new, or goes on.
    Forward,
    /// What was there is not in its history any more.
    Rewrite,
    Deletion,
}

/// Why `user` may not do this, if they may not. `default` is the branch that is protected though
/// nobody says so.
pub fn refusal(
    rules: &[Rule],
    (repository, default): (&str, &str),
    (name, change): (&str, Change),
    user: &User,
) -> Option<String> {
    if name.starts_with(OWN) {
        return Some(format!("{name} is Kedge's own: push branches and tags"));
    }
    let strict = Rule::strict(default);
    let said = rules.iter().any(|rule| rule.pattern == default);
    let implied = (!said).then_some(&strict);
    let short = name
        .strip_prefix("refs/heads/")
        .or_else(|| name.strip_prefix("refs/tags/"))
        .unwrap_or(name);
    let fitting = rules.iter().chain(implied).filter(|rule| rule.fits(name));
    for rule in fitting {
        let protected = format!("{short} of {repository} is protected");
        let by = if rule.pattern == short {
            String::new()
        } else {
            format!(" by the rule {}", rule.pattern)
        };
        let why = match (change, user) {
            (_, User::Named(user)) if !rule.names(user) => {
                let named = rule.pushers.join(", ");
                format!("only {named} may push there; push to another branch")
            }
            (Change::Deletion, _) if !rule.allow_deletion => "it cannot be deleted".to_owned(),
            (Change::Rewrite, _) if !rule.allow_force => {
                "its history is not rewritten; to undo a commit, git revert it and push".to_owned()
            }
            _ => continue,
        };
        return Some(format!("{protected}{by}: {why}"));
    }
    None
}

impl Rule {
    fn names(&self, user: &str) -> bool {
        self.pushers.is_empty() || self.pushers.iter().any(|pusher| pusher == user)
    }
}

/// Who pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User<'a> {
    /// Who makes the rules is named in all of them.
    Admin,
    Named(&'a str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_within_a_name_and_two_are_across() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        };
        check("main", "main", true);
        check("main", "mainly", false);
        check("release/*", "release/1.2", true);
        check("release/*", "release/1/2", false);
        check("release/**", "release/1/2", true);
        check("*", "main", true);
        check("*", "a/b", false);
        check("**", "a/b", true);
        check("v*.x", "v1.2.x", true);
        check("v*.x", "v1.2", false);
        check("*-ü*", "für-über", true);
    }

    #[test]
    fn rules_say_who_may_what() {
        let rules = [
            Rule {
                pushers: vec!["ann".into(), "ci".into()],
                ..Rule::strict("release/*")
            },
            Rule {
                allow_force: true,
                ..Rule::strict("wip/**")
            },
            Rule::strict("refs/tags/v*"),
        ];
        let check = |name: &str, change: Change, user: User, expected: Option<&str>| {
            let said = refusal(&rules, ("shop", "main"), (name, change), &user);
            assert_eq!(said.as_deref(), expected, "{name} {change:?}");
        };
        let (ann, bob) = (User::Named("ann"), User::Named("bob"));
        let history = "its history is not rewritten; to undo a commit, git revert it and push";
        let main = format!("main of shop is protected: {history}");
        check("refs/heads/main", Change::Forward, bob, None);
        check("refs/heads/main", Change::Rewrite, bob, Some(&main));
        check("refs/heads/main", Change::Rewrite, User::Admin, Some(&main));
        let gone = "main of shop is protected: it cannot be deleted";
        check("refs/heads/main", Change::Deletion, ann, Some(gone));
        let only = "release/1 of shop is protected by the rule release/*: only ann, ci may push \
                    there; push to another branch";
        check("refs/heads/release/1", Change::Forward, bob, Some(only));
        check("refs/heads/release/1", Change::Forward, ann, None);
        check("refs/heads/release/1", Change::Forward, User::Admin, None);
        check("refs/heads/wip/a/b", Change::Rewrite, bob, None);
        let gone = "wip/a of shop is protected by the rule wip/**: it cannot be deleted";
        check("refs/heads/wip/a", Change::Deletion, bob, Some(gone));
        check("refs/heads/try", Change::Rewrite, bob, None);
        check("refs/heads/try", Change::Deletion, bob, None);
        let tag = format!("v1 of shop is protected by the rule refs/tags/v*: {history}");
        check("refs/tags/v1", Change::Rewrite, ann, Some(&tag));
        let own = "refs/kedge/x is Kedge's own: push branches and tags";
        check("refs/kedge/x", Change::Forward, User::Admin, Some(own));

        // Whoever says something about main means it.
        let open = [Rule {
            allow_force: true,
            ..Rule::strict("main")
        }];
        let main = ("refs/heads/main", Change::Rewrite);
        assert_eq!(refusal(&open, ("shop", "main"), main, &bob), None);
    }

    #[test]
    fn a_pattern_is_a_name_with_stars() {
        for good in ["main", "release/*", "refs/tags/v*", "**"] {
            assert_eq!(Rule::strict(good).problem(), None, "{good}");
        }
        for bad in ["", "a b", "a:b", "a?", &"a".repeat(201)] {
            assert!(Rule::strict(bad).problem().is_some(), "{bad}");
        }
    }
}
