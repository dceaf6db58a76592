//! Columns, as `kubectl` prints them: padded to the widest cell, three blanks between.

mod layout;

use owo_colors::Style;
use unicode_width::UnicodeWidthStr;

pub(super) use layout::wrapped;
use layout::{GAP, Layout, breaks, fit, readable};

/// How far below its row a text stands in.
const INDENT: usize = 4;

/// Rows under a header.
pub(super) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    /// The columns in the order in which they give way.
    order: Vec<usize>,
    /// Whether what the last column has no room for goes on below.
    wraps: bool,
}

/// A text and how it looks on a terminal.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    text: String,
    style: Style,
    /// Which end of it stays where there is no room for both.
    stays: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
    /// Both, and what is between them goes.
    Both,
}

impl Cell {
    pub(super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: plain(&text.into()),
            style,
            stays: End::First,
        }
    }

    /// A path of a field or a file: its end tells it from others.
    pub(super) fn path(text: impl Into<String>) -> Self {
        Self {
            stays: End::Last,
            ..Self::styled(text, Style::new())
        }
    }

    /// A name that others begin like as well, as those of pods do.
    pub(super) fn name(text: impl Into<String>) -> Self {
        Self {
            stays: End::Both,
            ..Self::styled(text, Style::new())
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

impl Table {
    pub(super) fn new(header: &[&'static str]) -> Self {
        Self {
            header: header.to_vec(),
            rows: Vec::new(),
            order: (0..header.len()).rev().collect(),
            wraps: false,
        }
    }

    /// Adds a row with as many cells as the header has.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Names columns that give way first where the terminal is narrow, the least important one first.
    /// After them those that are further right do; the first column is what a row is known by.
    #[must_use]
    pub(super) fn yielding(mut self, columns: &[&'static str]) -> Self {
        let named = columns.iter().filter_map(|name| self.column(name));
        let named: Vec<usize> = named.collect();
        let others = (0..self.header.len())
            .rev()
            .filter(|it| !named.contains(it));
        self.order = named.iter().copied().chain(others).collect();
        self
    }

    /// Has the last column go on below where there is no room for it: what is told there is read to
    /// its end.
    #[must_use]
    pub(super) fn wrapping(self) -> Self {
        Self {
            wraps: true,
            ..self
        }
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|it| *it == name)
    }

    /// The lines, whole, with colours in them; the last column is not padded.
    #[cfg(test)]
    pub(super) fn lines(&self) -> Vec<String> {
        self.lines_within(None)
    }

    /// The same in at most `most` columns, where there is such a limit: columns with nothing in them
    /// go, and cells that are too long end with `…`. Where even that is too wide, the cells of a row
    /// stand one below the other.
    pub(super) fn lines_within(&self, most: Option<usize>) -> Vec<String> {
        let header: Vec<Cell> = self.header.iter().map(|name| Cell::from(*name)).collect();
        let all: Vec<&Vec<Cell>> = std::iter::once(&header).chain(&self.rows).collect();
        let widest = |column: usize| {
            let cells = all.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(&cell.text)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.header.len()).map(widest).collect();
        let whole = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        let Some(most) = most.filter(|most| whole > *most) else {
            let layout = Layout::of(widths, GAP);
            return all.iter().flat_map(|row| layout.lines(row)).collect();
        };
        let has_any = |column: &usize| {
            let mut cells = self.rows.iter().filter_map(|row| row.get(*column));
            *column == 0 || self.rows.is_empty() || cells.any(|cell| !cell.text.is_empty())
        };
        let columns: Vec<usize> = (0..self.header.len()).filter(has_any).collect();
        let place = |column: &usize| columns.iter().position(|it| it == column);
        let order: Vec<usize> = self.order.iter().filter_map(place).collect();
        let widths: Vec<usize> = columns.iter().map(|column| widths[*column]).collect();
        let has_last = columns.len() > 1 && columns.last() == Some(&(self.header.len() - 1));
        let layout = if self.wraps && has_last {
            match readable(&widths, most).filter(|layout| !self.breaks(layout, most)) {
                Some(layout) => Some(layout),
                None => return self.below(&columns, &widths, &order, most),
            }
        } else {
            fit(&widths, &order, most)
        };
        let Some(mut layout) = layout else {
            return self.stacked(most);
        };
        layout.wraps = self.wraps;
        let lines = |row: &&Vec<Cell>| layout.lines(&picked(row, &columns));
        all.iter().flat_map(lines).collect()
    }

    /// Whether a word of the last column would be broken that fits below its row.
    fn breaks(&self, layout: &Layout, most: usize) -> bool {
        let mut cells = self.rows.iter().filter_map(|row| row.last());
        cells.any(|cell| breaks(&cell.text, layout.last(), most.saturating_sub(INDENT)))
    }

    /// What the last column has, below each row instead of beside it.
    fn below(
        &self,
        columns: &[usize],
        widths: &[usize],
        order: &[usize],
        most: usize,
    ) -> Vec<String> {
        let rest = columns.len() - 1;
        let (columns, widths) = (&columns[..rest], &widths[..rest]);
        let order: Vec<usize> = order.iter().copied().filter(|it| *it < rest).collect();
        let Some(layout) = fit(widths, &order, most) else {
            return self.stacked(most);
        };
        let header: Vec<Cell> = self.header.iter().map(|name| Cell::from(*name)).collect();
        let mut lines = layout.lines(&picked(&header, columns));
        for row in &self.rows {
            lines.extend(layout.lines(&picked(row, columns)));
            let Some(last) = row.last().filter(|cell| !cell.text.is_empty()) else {
                continue;
            };
            let texts = wrapped(&last.text, most.saturating_sub(INDENT));
            let told = texts.iter().map(|text| last.style.style(text));
            lines.extend(told.map(|text| format!("{}{text}", " ".repeat(INDENT))));
        }
        lines
    }

    /// Each row as lines of its own, an empty line between two; empty cells are left out.
    fn stacked(&self, most: usize) -> Vec<String> {
        let label = self.header.iter().map(|name| width(name)).max();
        let label = label.unwrap_or(0);
        let room = most.saturating_sub(label + GAP).max(1);
        let mut layout = Layout::of(vec![label, room], GAP);
        layout.wraps = self.wraps;
        let mut lines = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            if at > 0 {
                lines.push(String::new());
            }
            let cells = self.header.iter().zip(row);
            let told = cells.filter(|(_, cell)| !cell.text.is_empty());
            let told = told.map(|(name, cell)| [(*name).into(), cell.clone()]);
            lines.extend(told.flat_map(|cells| layout.lines(&cells)));
        }
        lines
    }
}

/// The cells of some columns.
fn picked(row: &[Cell], columns: &[usize]) -> Vec<Cell> {
    let cells = columns.iter().filter_map(|column| row.get(*column));
    cells.cloned().collect()
}

/// Columns of a terminal, which are not characters: those of Chinese and emoji take two, those that
/// stand above others none.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Texts of others (commit messages, errors) cannot move the cursor or start a line.
pub(super) fn plain(text: &str) -> String {
    plain_line(text.trim())
}

/// The same for a text whose lines are lines.
pub(super) fn plain_lines(text: &str) -> String {
    let lines = text.trim_end().lines().map(plain_line);
    lines.collect::<Vec<_>>().join("\n")
}

/// The same for a line whose indentation says something.
pub(super) fn plain_line(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(clean).collect()
}

#[cfg(test)]
mod tests;
