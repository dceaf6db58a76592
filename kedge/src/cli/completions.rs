//! `kedge completions`

use clap::{Args, Command};
use clap_complete::Shell;

use super::output::Screen;

pub(super) const EXAMPLE: &str = "Example:
  kedge completions bash > /etc/bash_completion.d/kedge";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, mut whole: Command) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut whole, "kedge", &mut script);
    Screen::open().text(&String::from_utf8_lossy(&script))
}
