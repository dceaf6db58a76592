//! Flags that a process takes for another one that it starts: they are declared once, and passed on as
//! they came, whether from the command line, the environment or the configuration file.

use std::ffi::OsString;
use std::ops::Deref;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};

/// The flags of `T`, and the line that says the same.
#[derive(Clone)]
pub(crate) struct Passed<T> {
    arguments: T,
    line: Vec<OsString>,
}

impl<T> Passed<T> {
    /// The same flags, for a process that is started with them. What no help shows is not among
    /// them: every process can read another's arguments.
    pub(crate) fn line(&self) -> &[OsString] {
        &self.line
    }
}

impl<T> Deref for Passed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.arguments
    }
}

impl<T: Args> Args for Passed<T> {
    fn group_id() -> Option<Id> {
        T::group_id()
    }

    fn augment_args(command: Command) -> Command {
        T::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args_for_update(command)
    }
}

impl<T: Args> FromArgMatches for Passed<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        // First: what is read of the matches is gone from them.
        let line = line::<T>(matches);
        let arguments = T::from_arg_matches_mut(matches)?;
        Ok(Self { arguments, line })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.update_from_arg_matches_mut(&mut matches.clone())
    }

    fn update_from_arg_matches_mut(&mut self, matches: &mut ArgMatches) -> Result<(), Error> {
        self.line = line::<T>(matches);
        self.arguments.update_from_arg_matches_mut(matches)
    }
}

/// Each flag with each of its values.
fn line<T: Args>(matches: &ArgMatches) -> Vec<OsString> {
    let declared = T::augment_args(Command::new("declared"));
    let mut line = Vec::new();
    let shown = declared.get_arguments();
    for argument in shown.filter(|it| !it.is_hide_env_values_set()) {
        let values = matches.get_raw(argument.get_id().as_str());
        let flag = argument.get_long().map(|it| format!("--{it}"));
        for (flag, value) in flag.iter().cycle().zip(values.into_iter().flatten()) {
            line.extend([flag.into(), value.to_owned()]);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::role::{following, front, sign_in};

    #[derive(Parser)]
    struct Started {
        #[command(flatten)]
        following: Passed<following::Arguments>,
        #[command(flatten)]
        front: Passed<front::Arguments>,
        #[command(flatten)]
        sign_in: Passed<sign_in::Arguments>,
    }

    fn line(words: &[&str]) -> Vec<String> {
        let words = std::iter::once("x").chain(words.iter().copied());
        let started = Started::try_parse_from(words).unwrap();
        let others = started.front.line().iter().chain(started.sign_in.line());
        let all = started.following.line().iter().chain(others);
        all.map(|it| it.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn what_is_passed_on_says_the_same() {
        let usual = "--verify head --branch main --path . --oidc-groups-claim groups \
                     --oidc-scopes profile --oidc-scopes email";
        assert_eq!(line(&[]).join(" "), usual);
        let told = line(&[
            "--repo",
            "https://secret@git.example.org/x.git",
            "--web-tls-listen",
            "[::]:8443",
            "--oidc-scopes",
            "email,groups",
            "--access",
            "a b.yaml",
        ]);
        let expected = [
            "--verify",
            "head",
            "--branch",
            "main",
            "--path",
            ".",
            "--web-tls-listen",
            "[::]:8443",
            "--oidc-groups-claim",
            "groups",
            "--oidc-scopes",
            "email",
            "--oidc-scopes",
            "groups",
            "--access",
            "a b.yaml",
        ];
        assert_eq!(told, expected);
        let words: Vec<&str> = told.iter().map(String::as_str).collect();
        assert_eq!(line(&words), told);
    }
}
