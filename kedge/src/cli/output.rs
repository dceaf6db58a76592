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

impl Output {
    /// What every verb ends with: the answer as it is for programs, or what `people` prints of it.
    pub(super) fn show(
        &self,
        answer: &Value,
        people: impl FnOnce(&mut Screen) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut screen = Screen::open();
        match self.format.data(answer) {
            Some(data) => screen.text(&data),
            None => people(&mut screen),
        }
    }
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
pub(super) struct Screen {
    out: anstream::Stdout,
    /// Columns of the terminal; `None` where it is none, and nothing is cut.
    width: Option<usize>,
}

impl Screen {
    pub(super) fn open() -> Self {
        let size = terminal_size::terminal_size_of(io::stdout());
        Self {
            out: anstream::stdout(),
            width: size.map(|(width, _)| usize::from(width.0)),
        }
    }

    /// Columns of the terminal; `None` where it is none.
    pub(super) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Whether colours are shown.
    pub(super) fn is_coloured(&self) -> bool {
        self.out.current_choice() != anstream::ColorChoice::Never
    }

    /// Prints exactly this. A reader that went away (`| head`) wants no more, which is no failure.
    pub(super) fn text(&mut self, text: &str) -> anyhow::Result<()> {
        let written = self.out.write_all(text.as_bytes());
        match written.and_then(|()| self.out.flush()) {
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
        self.lines(table.lines_within(self.width))
    }
}

fn unwritable(error: io::Error) -> anyhow::Error {
    anyhow::Error::new(error).context("cannot write to standard output")
}
