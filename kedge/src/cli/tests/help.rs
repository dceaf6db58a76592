//! What `--help` says is part of the outward contract: it changes on purpose only.

use std::ffi::OsString;

use clap::{ColorChoice, Command, CommandFactory};

/// All commands, as `main` prepares them, 100 columns wide.
fn whole() -> Command {
    let none: [OsString; 0] = [];
    let whole = crate::config::prepared(crate::Arguments::command(), none);
    without_values(whole.expect("no file is named"))
        .term_width(100)
        .color(ColorChoice::Never)
}

/// This process has an environment of its own, which is nobody's business.
fn without_values(command: Command) -> Command {
    let command = command.mut_args(|argument| argument.hide_env_values(true));
    command.mut_subcommands(without_values)
}

#[test]
fn every_command_has_help() {
    let mut whole = whole();
    whole.build();
    insta::assert_snapshot!("kedge", whole.render_long_help().to_string());
    for (name, help) in helps(&mut whole, "") {
        insta::assert_snapshot!(name, help);
    }
}

/// Of each verb and those below it, by name: `token-create`.
fn helps(command: &mut Command, parent: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let verbs = command.get_subcommands_mut();
    for verb in verbs.filter(|it| it.get_name() != "help") {
        let name = format!("{parent}{}", verb.get_name());
        let below = format!("{name}-");
        found.push((name, verb.render_long_help().to_string()));
        found.extend(helps(verb, &below));
    }
    found
}

#[test]
fn every_flag_is_a_variable_and_says_what_it_does() {
    let whole = whole();
    for command in whole.get_subcommands() {
        let name = command.get_name();
        let after = command.get_after_help().map(ToString::to_string);
        assert!(
            after.unwrap_or_default().contains("Example:\n  kedge "),
            "{name} has no example"
        );
        says_what_it_does(command, name);
    }
}

fn says_what_it_does(command: &Command, name: &str) {
    assert!(
        command.get_about().is_some(),
        "{name} does not say what it does"
    );
    for argument in command.get_arguments() {
        let id = argument.get_id();
        assert!(
            argument.get_help().is_some(),
            "{name} {id} does not say what it does"
        );
        if argument.get_long().is_some() {
            let variable = argument.get_env().and_then(|name| name.to_str());
            let variable = variable.unwrap_or_default();
            assert!(
                variable.starts_with("KEDGE_"),
                "{name} --{id} has no variable"
            );
        }
    }
    for verb in command.get_subcommands() {
        says_what_it_does(verb, &format!("{name} {}", verb.get_name()));
    }
}

#[test]
fn a_command_of_a_later_version_is_refused_by_name() {
    let error = whole()
        .try_get_matches_from(["kedge", "rolback", "web-1"])
        .unwrap_err();
    assert_eq!(error.exit_code(), 2);
    let text = error.to_string();
    assert!(text.contains("unrecognized subcommand 'rolback'"), "{text}");
    assert!(text.contains("rollback"), "{text}");
}

/// Only what nobody calls by hand is left out: what Git calls.
#[test]
fn the_readme_names_every_command() {
    let readme = include_str!("../../../../README.md");
    for command in whole().get_subcommands().filter(|it| !it.is_hide_set()) {
        let name = command.get_name();
        let named = ["kedge ", ""].map(|before| format!("`{before}{name}"));
        assert!(
            named.iter().any(|word| readme.contains(word)),
            "{name} is not in the README"
        );
    }
}

#[test]
fn every_answer_for_programs_is_documented() {
    let document = include_str!("../../../../docs/output.md");
    let headings = document.lines().filter_map(|line| line.strip_prefix("## "));
    let documented: Vec<&str> = headings.flat_map(|heading| heading.split(", ")).collect();
    for line in printing(&whole(), "") {
        let has = |it: &&str| *it == line || it.starts_with(&format!("{line} "));
        assert!(
            documented.iter().any(has),
            "{line} is not in docs/output.md"
        );
    }
}

/// The verbs that take `-o`, whole.
fn printing(command: &Command, parent: &str) -> Vec<String> {
    let name = format!("{parent} {}", command.get_name()).trim().to_owned();
    let own = command
        .get_arguments()
        .any(|it| it.get_id() == "output" || it.get_long() == Some("output"));
    let inner = command
        .get_subcommands()
        .flat_map(|verb| printing(verb, &name));
    let mut found: Vec<String> = inner.collect();
    found.extend(own.then_some(name));
    found
}
