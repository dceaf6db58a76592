//! `kedge completions`

use anyhow::Context;
use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;

use super::output::Screen;

pub(super) const EXAMPLE: &str = "\
The script asks kedge itself what fits, so names of applications, rollouts, commits, branches,
repositories, tokens, namespaces and objects are offered as well: those of the instance that the line
means (--data-dir, --server, --token, --kubeconfig, -n, or their variables), none where it is away.

Example:
  kedge completions bash > /etc/bash_completion.d/kedge
  kedge completions zsh > /usr/local/share/zsh/site-functions/_kedge
  kedge completions fish > ~/.config/fish/completions/kedge.fish";

/// The variable by which a script asks.
pub(crate) const ASKED: &str = "KEDGE_COMPLETE";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    Screen::open().text(&script(arguments.shell)?)
}

/// For bash one of our own: the usual one asks with what bash made of a URL.
const BASH: &str = include_str!("completions.bash");

fn script(shell: Shell) -> anyhow::Result<String> {
    if shell == Shell::Bash {
        return Ok(BASH.to_owned());
    }
    let name = shell.to_string();
    let shells = Shells::builtins();
    let known = shells.completer(&name);
    let known = known.with_context(|| format!("no script is known for {name}"))?;
    let mut script = Vec::new();
    known
        .write_registration(ASKED, "kedge", "kedge", "kedge", &mut script)
        .with_context(|| format!("cannot write a script for {name}"))?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_has_a_script_that_asks_kedge() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(shell).unwrap();
            assert!(
                script.contains(ASKED) && script.contains("kedge"),
                "{script}"
            );
        }
    }
}
