//! Long answers are read in a pager, on a terminal.

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::{Command, Stdio};

use anyhow::Context;
use clap::Args;

use super::output::Screen;

/// Ends at once where everything fits, keeps colours, leaves the text on the screen.
const USUAL: &str = "less -FRX";

#[derive(Args)]
#[group(skip)]
pub(super) struct Arguments {
    /// What shows more lines than the terminal has, `cat` for nothing [default: $PAGER, or less -FRX]
    #[arg(long, env = "KEDGE_PAGER", value_name = "COMMAND")]
    pager: Option<String>,
    /// Print everything at once, in no pager
    #[arg(long)]
    no_pager: bool,
}

impl Arguments {
    fn command(&self) -> String {
        let from_environment = || {
            let pager = std::env::var_os("PAGER")?.into_string().ok()?;
            (!pager.trim().is_empty()).then_some(pager)
        };
        self.pager
            .clone()
            .or_else(from_environment)
            .unwrap_or_else(|| USUAL.to_owned())
    }
}

/// Prints the lines, through the pager where they are more than the terminal has.
pub(super) fn show(arguments: &Arguments, lines: &[String]) -> anyhow::Result<()> {
    let mut screen = Screen::open();
    let size = terminal_size::terminal_size_of(std::io::stdout());
    let fits = size.is_none_or(|(_, height)| lines.len() < usize::from(height.0));
    let command = arguments.command();
    if fits || !std::io::stdout().is_terminal() || command == "cat" || arguments.no_pager {
        return screen.lines(lines);
    }
    let coloured = screen.is_coloured();
    // As Git does it: a bare `less` keeps the colours, and ends at once where everything fits.
    let less = std::env::var_os("LESS")
        .is_none()
        .then_some(("LESS", "FRX"));
    let mut child = Command::new("sh")
        .args(["-c", &command])
        .envs(less)
        .stdin(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start the pager {command:?}; --pager names another"))?;
    let text: String = lines
        .iter()
        .map(|line| {
            if coloured {
                format!("{line}\n")
            } else {
                format!("{}\n", anstream::adapter::strip_str(line))
            }
        })
        .collect();
    if let Some(mut input) = child.stdin.take() {
        // Who leaves the pager early wants no more.
        match input.write_all(text.as_bytes()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                return Err(error).context("cannot write to the pager");
            }
            _ => {}
        }
    }
    let status = child.wait().context("cannot wait for the pager")?;
    // `command not found` of the shell: the lines are shown anyhow.
    if status.code() == Some(127) {
        return screen.lines(lines);
    }
    Ok(())
}
