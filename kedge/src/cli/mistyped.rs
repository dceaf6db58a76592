//! A flag that no verb of this name has: which one was meant, here or of another verb.

use api::codec::strict::nearest;
use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// What every verb has, and nobody means who writes another word.
const OF_ALL: [&str; 2] = ["version", "help"];

/// The error with the flag that was meant; without a guess where there is none.
pub(crate) fn advised(mut error: Error, whole: &Command, verb: Option<&str>) -> Error {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let Some(wanted) = flag.strip_prefix("--").map(ToOwned::to_owned) else {
        return error;
    };
    let guess = error
        .get(ContextKind::SuggestedArg)
        .map(ToString::to_string);
    let is_poor = guess.is_none_or(|it| OF_ALL.iter().any(|flag| it == format!("--{flag}")));
    if error.kind() != ErrorKind::UnknownArgument || !is_poor {
        return error;
    }
    if OF_ALL
        .iter()
        .any(|flag| nearest(&wanted, [*flag]).is_some())
    {
        return error;
    }
    error.remove(ContextKind::SuggestedArg);
    // It names the flag that was guessed.
    error.remove(ContextKind::Usage);
    if let Some(tip) = elsewhere(&wanted, whole, verb) {
        let tips = ContextValue::StyledStrs(vec![tip.into()]);
        error.insert(ContextKind::Suggested, tips);
    }
    error
}

/// Another verb that has it.
fn elsewhere(wanted: &str, whole: &Command, verb: Option<&str>) -> Option<String> {
    let others = whole.get_subcommands();
    let mut others = others.filter(|it| Some(it.get_name()) != verb);
    others.find_map(|command| {
        let flags = command.get_arguments().filter_map(clap::Arg::get_long);
        let near = nearest(wanted, flags.filter(|it| !OF_ALL.contains(it)))?;
        Some(format!("`kedge {}` has '--{near}'", command.get_name()))
    })
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    fn whole() -> Command {
        let flag = |name: &'static str| Arg::new(name).long(name);
        let app = Command::new("app").arg(flag("output"));
        let diff = Command::new("diff").arg(flag("revision"));
        let whole = Command::new("kedge").version("1").propagate_version(true);
        whole.subcommand(app).subcommand(diff)
    }

    #[test]
    fn a_flag_of_another_verb_is_told_and_no_other_guessed() {
        let check = |line: &str, expected: &str, unexpected: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            let error = whole().try_get_matches_from(&words).unwrap_err();
            let error = advised(error, &whole(), words.get(1).copied()).to_string();
            assert!(error.contains(expected), "{line}: {error}");
            assert!(!error.contains(unexpected), "{line}: {error}");
        };
        check(
            "kedge app --revison x",
            "`kedge diff` has '--revision'",
            "--version",
        );
        check("kedge app --outptu x", "'--output'", "diff");
        check("kedge app --versoin", "'--version'", "diff");
        check(
            "kedge app --zzzzzz",
            "unexpected argument '--zzzzzz'",
            "tip",
        );
    }
}
