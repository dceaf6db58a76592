//! `kedge man`

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Command};

use super::output::Screen;

pub(super) const EXAMPLE: &str = "\
One page for each verb, as `--help` has it.

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
    clap_mangen::generate_to(whole.disable_help_subcommand(true), directory)
        .with_context(|| format!("cannot write man pages to {shown}"))?;
    let pages = std::fs::read_dir(directory).with_context(|| format!("cannot read {shown}"))?;
    let pages = pages.flatten().filter(|page| {
        let name = page.file_name();
        name.to_string_lossy().starts_with("kedge")
    });
    Screen::open().lines([format!("{} pages are in {shown}", pages.count())])
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_verb_has_a_page() {
        let directory = std::env::temp_dir().join(format!("kedge-man-{}", std::process::id()));
        let arguments = Arguments {
            directory: directory.clone(),
        };
        run(&arguments, crate::Arguments::command()).unwrap();
        let page = std::fs::read_to_string(directory.join("kedge-diff.1")).unwrap();
        assert!(
            page.contains(".TH kedge-diff 1") && page.contains("Example:"),
            "{page}"
        );
        std::fs::remove_dir_all(directory).unwrap();
    }
}
