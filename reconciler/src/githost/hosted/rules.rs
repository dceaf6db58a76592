//! The rules of each repository, in memory as in the history.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use super::{Error, Repositories};
use crate::githost::identity::ADMIN;
use crate::githost::rule::{self, Change, Rule, User};
use crate::history::{self, History};

type Rules = BTreeMap<String, Vec<Rule>>;

pub(super) async fn read(history: &History) -> Result<Rules, history::Error> {
    let mut rules = Rules::new();
    for (repository, rule) in history.reader().rules().await? {
        rules.entry(repository).or_default().push(rule);
    }
    Ok(rules)
}

impl Repositories {
    /// What somebody said about this repository, by pattern.
    pub fn rules(&self, repository: &str) -> Vec<Rule> {
        let rules = self.all_rules();
        rules.get(repository).cloned().unwrap_or_default()
    }

    /// Makes a rule, or replaces the one of the same pattern.
    ///
    /// # Errors
    /// There is no such repository, or the rule makes no sense.
    pub async fn protect(&self, repository: &str, rule: Rule) -> Result<(), Error> {
        self.must_be(repository)?;
        if let Some(problem) = rule.problem() {
            return Err(Error::Wrong(problem));
        }
        self.history.put_rule(repository, &rule).await?;
        let mut all = self.all_rules();
        let rules = all.entry(repository.to_owned()).or_default();
        rules.retain(|other| other.pattern != rule.pattern);
        rules.push(rule);
        rules.sort_by(|a, b| a.pattern.cmp(&b.pattern));
        Ok(())
    }

    /// Takes a rule away.
    ///
    /// # Errors
    /// There is none of this pattern.
    pub async fn unprotect(&self, repository: &str, pattern: &str) -> Result<(), Error> {
        self.must_be(repository)?;
        if !self.history.remove_rule(repository, pattern).await? {
            return Err(Error::NoRule {
                repository: repository.to_owned(),
                pattern: pattern.to_owned(),
            });
        }
        let mut all = self.all_rules();
        if let Some(rules) = all.get_mut(repository) {
            rules.retain(|rule| rule.pattern != pattern);
        }
        Ok(())
    }

    /// Why this user may not push a commit on top of the branch, if they may not.
    pub fn refusal(&self, repository: &str, branch: &str, user: &str) -> Option<String> {
        let user = match user {
            ADMIN => User::Admin,
            user => User::Named(user),
        };
        let (rules, default) = (self.rules(repository), self.default_branch(repository));
        let (name, change) = (format!("refs/heads/{branch}"), Change::Forward);
        rule::refusal(&rules, (repository, default), (&name, change), &user)
    }

    pub(super) fn must_be(&self, repository: &str) -> Result<(), Error> {
        match self.get(repository) {
            Some(_) => Ok(()),
            None => Err(Error::Missing(repository.to_owned())),
        }
    }

    pub(super) fn forget_rules(&self, repository: &str) {
        self.all_rules().remove(repository);
    }

    fn all_rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
