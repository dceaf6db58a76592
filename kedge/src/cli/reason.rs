//! Why somebody wants something that becomes part of a commit: who did not say it is asked, once. Where
//! nobody sits at a terminal nothing is asked, and nothing is made up.

use std::io::{self, IsTerminal, Write};

use crate::Usage;

/// What to add where nobody can be asked.
const MISSING: &str =
    "a rollback needs a reason, which becomes part of the commit: add --reason 'TEXT'";

/// As shells tell of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// What is answered at the terminal.
///
/// # Errors
/// There is no terminal, or nothing was answered.
pub(super) async fn ask() -> anyhow::Result<String> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Usage(MISSING.into()).into());
    }
    let mut prompt = anstream::stderr();
    prompt.write_all(b"Reason: ")?;
    prompt.flush()?;
    let typed = client::blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    let typed = tokio::select! {
        typed = typed => typed??,
        _ = tokio::signal::ctrl_c() => {
            anstream::eprintln!();
            std::process::exit(INTERRUPTED)
        }
    };
    Ok(meant(&typed)?)
}

fn meant(typed: &str) -> Result<String, Usage> {
    match typed.trim() {
        "" => Err(Usage(MISSING.into())),
        some => Ok(some.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_line_is_no_reason() {
        let check = |typed: &str, expected: Option<&str>| {
            let meant = meant(typed).map_err(|error| error.to_string());
            assert_eq!(meant.as_deref().ok(), expected, "{typed:?}");
        };
        check("two are enough\n", Some("two are enough"));
        check(" late\r\n", Some("late"));
        for nothing in ["", "\n", "  \n"] {
            check(nothing, None);
            assert!(
                meant(nothing)
                    .unwrap_err()
                    .to_string()
                    .ends_with("add --reason 'TEXT'")
            );
        }
    }
}
