//! `kedge man`

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Command};
use clap_mangen::Man;

use super::output::Screen;

pub(super) const EXAMPLE: &str = "\
One page for each verb, as `--help` has it, with its environment, files and exit codes.

Example:
  kedge man /usr/local/share/man/man1 && man kedge-diff";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Where to write them; made if it is not there
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub(super) fn run(arguments: &Arguments, whole: Command) -> anyhow::Result<()> {
    let directory = &arguments.directory;
    let shown = directory.display();
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot make the directory {shown}; name one that can be"))?;
    let mut whole = whole.disable_help_subcommand(true);
    // Gives each verb its whole name, and the flags of every command.
    whole.build();
    let mut pages = Vec::new();
    collect(&whole, "", &mut pages)?;
    for (name, text) in &pages {
        std::fs::write(directory.join(name), text)
            .with_context(|| format!("cannot write man pages to {shown}"))?;
    }
    Screen::open().lines([format!("{} pages are in {shown}", pages.len())])
}

/// The page of a command, then those of its verbs.
fn collect(
    command: &Command,
    parent: &str,
    pages: &mut Vec<(String, String)>,
) -> anyhow::Result<()> {
    let name = name(command);
    pages.push((format!("{name}.1"), page(command, parent)?));
    for verb in command.get_subcommands() {
        collect(verb, &name, pages)?;
    }
    Ok(())
}

/// `kedge-repo-create`
fn name(command: &Command) -> String {
    let name = command.get_display_name();
    name.unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: &Command, parent: &str) -> anyhow::Result<String> {
    let man = Man::new(command.clone())
        .title(name(command))
        .source(concat!("kedge ", env!("CARGO_PKG_VERSION")))
        .manual("Kedge");
    let mut text = Vec::new();
    let mut rendered = || -> std::io::Result<()> {
        man.render_title(&mut text)?;
        man.render_name_section(&mut text)?;
        man.render_synopsis_section(&mut text)?;
        man.render_description_section(&mut text)?;
        man.render_options_section(&mut text)?;
        if command.has_subcommands() {
            man.render_subcommands_section(&mut text)?;
        }
        Ok(())
    };
    rendered().context("cannot render a man page")?;
    let mut text = String::from_utf8_lossy(&text).into_owned();
    text.push_str(&more(command, parent));
    Ok(text)
}

/// What `--help` has below the flags, and what it has no place for.
fn more(command: &Command, parent: &str) -> String {
    let mut text = String::new();
    let help = command.get_after_help().map(ToString::to_string);
    let help = help.unwrap_or_default();
    let (notes, examples) = help.split_once("Example:").unwrap_or((&help, ""));
    if !notes.trim().is_empty() {
        let _ = writeln!(text, ".SH NOTES\n{}", escaped(notes.trim()));
    }
    let _ = writeln!(text, ".SH ENVIRONMENT");
    for argument in command.get_arguments() {
        let variable = argument.get_env().and_then(|it| it.to_str());
        if let (Some(variable), Some(flag)) = (variable, argument.get_long()) {
            item(&mut text, variable, &format!("The same as --{flag}."));
        }
    }
    item(&mut text, "NO_COLOR", "Colour nothing, if it is set.");
    item(
        &mut text,
        "CLICOLOR_FORCE",
        "Colour also where standard output is no terminal, if it is set and not 0.",
    );
    if command
        .get_arguments()
        .any(|it| it.get_long() == Some("data-dir"))
    {
        text.push_str(".SH FILES\n");
        for (file, what) in FILES {
            item(&mut text, file, what);
        }
    }
    text.push_str(".SH EXIT STATUS\n");
    for (code, what) in CODES {
        item(&mut text, code, what);
    }
    if !examples.trim().is_empty() {
        let lines = examples.trim_matches('\n');
        let _ = writeln!(text, ".SH EXAMPLES\n.nf\n{}\n.fi", escaped(lines));
    }
    let verbs = command.get_subcommands().map(name);
    let others = (!parent.is_empty()).then(|| parent.to_owned());
    let others: Vec<String> = others.into_iter().chain(verbs).collect();
    if !others.is_empty() {
        let others = others
            .iter()
            .map(|it| format!("\\fB{}\\fR(1)", escaped(it)));
        let others = others.collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, ".SH SEE ALSO\n{others}");
    }
    text
}

/// Below the data directory.
const FILES: [(&str, &str); 4] = [
    (
        ".kedge/endpoints.json",
        "Where the instance can be reached.",
    ),
    (
        ".kedge/admin-token",
        "What opens everything; only its owner may read it.",
    ),
    (".kedge/kubeconfig", "How kubectl reaches it, and as whom."),
    (".kedge/logs/", "What its parts say."),
];

const CODES: [(&str, &str); 3] = [
    ("0", "It is done."),
    (
        "1",
        "It failed: standard error says what, where, and what to do next.",
    ),
    (
        "2",
        "The usage or the configuration is wrong; nothing was begun.",
    ),
];

fn item(text: &mut String, term: &str, what: &str) {
    let _ = writeln!(text, ".TP\n\\fB{}\\fR\n{}", escaped(term), escaped(what));
}

/// Nothing in a text is a command of the page's language.
fn escaped(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        if line.starts_with(['.', '\'']) {
            format!("\\&{line}")
        } else {
            line
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_verb_has_a_page_with_every_section() {
        let directory = std::env::temp_dir().join(format!("kedge-man-{}", std::process::id()));
        let arguments = Arguments {
            directory: directory.clone(),
        };
        run(&arguments, crate::Arguments::command()).unwrap();
        let page = std::fs::read_to_string(directory.join("kedge-repo-create.1")).unwrap();
        let sections: Vec<&str> = page
            .lines()
            .filter_map(|it| it.strip_prefix(".SH "))
            .collect();
        assert_eq!(
            sections,
            [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "OPTIONS",
                "ENVIRONMENT",
                "FILES",
                "EXIT STATUS",
                "SEE ALSO",
            ],
            "{page}"
        );
        assert!(page.contains("\\fBkedge\\-repo\\fR(1)"), "{page}");
        let page = std::fs::read_to_string(directory.join("kedge-diff.1")).unwrap();
        for part in [
            ".TH kedge-diff 1",
            ".SH NOTES",
            ".SH EXAMPLES\n.nf\n  kedge diff",
        ] {
            assert!(page.contains(part), "no {part}: {page}");
        }
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_text_is_no_command() {
        assert_eq!(escaped(".kedge/x"), "\\&.kedge/x");
        assert_eq!(escaped("a \\\n'b -c"), "a \\e\n\\&'b \\-c");
    }
}
