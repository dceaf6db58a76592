//! The file of rules, and what follows from it.

use serde::Deserialize;

use super::{Role, Scope, Who};

/// The largest file.
const MOST: usize = 1024 * 1024;

/// Why a file of rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("it is larger than {MOST} bytes")]
    TooLarge,
    #[error("{0}")]
    Yaml(#[from] serde_yaml::Error),
    #[error("rule {number} names nobody: give it users or groups")]
    Nobody { number: usize },
    #[error("rule {number} names no Application: leave `applications` out for all of them")]
    Nothing { number: usize },
}

/// All rules. Without any, whoever signs in may look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    #[serde(default)]
    rules: Vec<Rule>,
    /// Applications whose badge anybody may read, without signing in: names, in which `*` stands
    /// for any letters.
    #[serde(default)]
    badges: Vec<String>,
}

/// These people have this role with these Applications.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    role: Role,
    /// Names, in which `*` stands for any letters.
    #[serde(default = "all")]
    applications: Vec<String>,
    /// Names or addresses, as the provider says them.
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
}

fn all() -> Vec<String> {
    vec!["*".into()]
}

impl Access {
    /// Reads the YAML of a file.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(yaml: &str) -> Result<Self, Error> {
        if yaml.len() > MOST {
            return Err(Error::TooLarge);
        }
        let access: Self = serde_yaml::from_str(yaml)?;
        for (number, rule) in (1..).zip(&access.rules) {
            if rule.users.is_empty() && rule.groups.is_empty() {
                return Err(Error::Nobody { number });
            }
            if rule.applications.is_empty() {
                return Err(Error::Nothing { number });
            }
        }
        Ok(access)
    }

    /// Whether anybody may read when an Application was proven, without signing in.
    pub fn publishes(&self, application: &str) -> bool {
        let mut badges = self.badges.iter();
        badges.any(|pattern| matches(pattern, application))
    }

    /// The patterns of the Applications whose badge anybody may read.
    pub fn published(&self) -> &[String] {
        &self.badges
    }

    /// What somebody may do.
    pub fn role(&self, who: &Who<'_>, scope: Scope<'_>) -> Role {
        let own = self.rules.iter().filter(|rule| rule.is_about(who));
        let granted = own.filter(|rule| rule.covers(scope)).map(|rule| rule.role);
        granted.max().unwrap_or_default().max(who.everywhere)
    }

    /// Those who have at least this role, for the sentence that refuses others.
    pub fn who_can(&self, role: Role, scope: Scope<'_>) -> String {
        let may = self
            .rules
            .iter()
            .filter(|rule| rule.role >= role && rule.covers(scope));
        let mut names: Vec<String> = Vec::new();
        for rule in may {
            names.extend(rule.users.iter().cloned());
            names.extend(rule.groups.iter().map(|group| format!("the group {group}")));
        }
        names.dedup();
        names.push("whoever has the admin token".into());
        names.join(", ")
    }

    /// The groups that any rule names: others need not be remembered.
    pub fn knows_group(&self, group: &str) -> bool {
        let mut groups = self.rules.iter().flat_map(|rule| &rule.groups);
        groups.any(|known| known == group)
    }

    /// Every rule in words, for the page that shows them.
    pub fn described(&self) -> Vec<(Role, String, String)> {
        let words = |rule: &Rule| {
            let groups = rule.groups.iter().map(|group| format!("group {group}"));
            let people: Vec<String> = rule.users.iter().cloned().chain(groups).collect();
            (rule.role, people.join(", "), rule.applications.join(", "))
        };
        self.rules.iter().map(words).collect()
    }
}

impl Rule {
    fn is_about(&self, who: &Who<'_>) -> bool {
        let named = |user: &String| {
            let is = |own: &str| !own.is_empty() && own.eq_ignore_ascii_case(user);
            is(who.user) || is(who.email)
        };
        self.users.iter().any(named) || self.groups.iter().any(|it| who.groups.contains(it))
    }

    fn covers(&self, scope: Scope<'_>) -> bool {
        let admits = |pattern: &String| match scope {
            Scope::Everything => pattern == "*",
            Scope::Application(name) => matches(pattern, name),
        };
        self.applications.iter().any(admits)
    }
}

/// Whether a name is what a pattern says, in which `*` stands for any letters, or none.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}
