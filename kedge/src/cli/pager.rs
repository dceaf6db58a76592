//! Long answers are read in a pager, on a terminal.

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::{Command, Stdio};

use anyhow::Context;
use clap::Args;

use super::output::Screen;
use super::table;

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

/// Rows of a terminal that is so wide: a line that is longer takes several.
fn rows(lines: &[String], width: u16) -> usize {
    let columns = usize::from(width.max(1));
    let of_line = |line: &String| {
        let text = anstream::adapter::strip_str(line).to_string();
        table::width(&text).div_ceil(columns).max(1)
    };
    lines.iter().map(of_line).sum()
}

/// Prints the lines, through the pager where they are more than the terminal has.
pub(super) fn show(arguments: &Arguments, lines: &[String]) -> anyhow::Result<()> {
    let mut screen = Screen::open();
    let size = terminal_size::terminal_size_of(std::io::stdout());
    let fits = size.is_none_or(|(width, height)| rows(lines, width.0) < usize::from(height.0));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_several_rows() {
        let check = |line: &str, width: u16, expected: usize| {
            assert_eq!(
                rows(&[line.to_owned()], width),
                expected,
                "{line:?} in {width}"
            );
        };
        check("", 10, 1);
        check("0123456789", 10, 1);
        check("0123456789a", 10, 2);
        check("\u{1b}[31m0123456789\u{1b}[0m", 10, 1);
        check("日本語日本語", 10, 2);
        check("abc", 0, 3);
    }
}
