//! How answers are printed. Colours are for terminals only, and never where `NO_COLOR` is set.

use std::io::{self, ErrorKind, Write};

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::table::Table;

#[derive(Args)]
#[group(skip)]
pub(crate) struct Output {
    /// How to print it
    #[arg(short = 'o', long = "output", value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    pub(super) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns, for people
    Table,
    /// More columns
    Wide,
    /// Everything, for programs
    Json,
    /// Everything, for people and programs
    Yaml,
}

impl Format {
    /// The value in a form for programs; `None` for the forms that are tables.
    pub(super) fn data(self, value: &Value) -> Option<String> {
        match self {
            Self::Table | Self::Wide => None,
            Self::Json => Some(format!("{value:#}\n")),
            Self::Yaml => Some(api::codec::yaml::to_string(value)),
        }
    }
}

/// Standard output.
pub(super) struct Screen(anstream::Stdout);

impl Screen {
    pub(super) fn open() -> Self {
        Self(anstream::stdout())
    }

    /// Prints exactly this. A reader that went away (`| head`) wants no more, which is no failure.
    pub(super) fn text(&mut self, text: &str) -> anyhow::Result<()> {
        let written = self.0.write_all(text.as_bytes());
        match written.and_then(|()| self.0.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(unwritable(error)),
            _ => Ok(()),
        }
    }

    pub(super) fn lines<L: AsRef<str>>(
        &mut self,
        lines: impl IntoIterator<Item = L>,
    ) -> anyhow::Result<()> {
        let text = lines.into_iter().fold(String::new(), |mut text, line| {
            text.push_str(line.as_ref().trim_end());
            text.push('\n');
            text
        });
        self.text(&text)
    }

    pub(super) fn table(&mut self, table: &Table) -> anyhow::Result<()> {
        self.lines(table.lines())
    }
}

fn unwritable(error: io::Error) -> anyhow::Error {
    anyhow::Error::new(error).context("cannot write to standard output")
}
