//! Columns, as `kubectl` prints them: padded to the widest cell, three blanks between.

use owo_colors::Style;

/// Between two columns.
const GAP: usize = 3;

/// Rows under a header.
pub(super) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// A text and how it looks on a terminal.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: plain(&text.into()),
            style,
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
        }
    }

    /// Adds a row with as many cells as the header has.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, with colours in them; the last column is not padded.
    pub(super) fn lines(&self) -> Vec<String> {
        let header = self.header.iter().map(|name| Cell::from(*name)).collect();
        let all: Vec<&Vec<Cell>> = std::iter::once(&header).chain(&self.rows).collect();
        let widths: Vec<usize> = (0..self.header.len())
            .map(|column| {
                let cells = all.iter().filter_map(|row| row.get(column));
                cells.map(|cell| width(&cell.text)).max().unwrap_or(0)
            })
            .collect();
        all.iter().map(|row| line(row, &widths)).collect()
    }
}

fn line(row: &[Cell], widths: &[usize]) -> String {
    let mut line = String::new();
    let mut blanks = 0;
    for (cell, wanted) in row.iter().zip(widths) {
        if !cell.text.is_empty() {
            line.push_str(&" ".repeat(blanks));
            line.push_str(&cell.style.style(&cell.text).to_string());
            blanks = 0;
        }
        blanks += wanted - width(&cell.text) + GAP;
    }
    line
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Texts of others (commit messages, errors) cannot move the cursor or start a line.
pub(super) fn plain(text: &str) -> String {
    plain_line(text.trim())
}

/// The same for a line whose indentation says something.
pub(super) fn plain_line(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(clean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["NAME", "HEALTH", "MESSAGE"]);
        table.row(["web", "Healthy", ""].map(Cell::from));
        table.row(["größer-web", "", "two\nlines \u{1b}[31m"].map(Cell::from));
        assert_eq!(
            table.lines(),
            [
                "NAME         HEALTH    MESSAGE",
                "web          Healthy",
                "größer-web             two lines  [31m",
            ]
        );
        assert_eq!(Table::new(&["NAME"]).lines(), ["NAME"]);
    }

    #[test]
    fn colours_take_no_room() {
        let mut table = Table::new(&["A", "B"]);
        let red = Cell::styled("bad", Style::new().red());
        table.row([red, "x".into()]);
        assert_eq!(table.lines()[1], "\u{1b}[31mbad\u{1b}[0m   x");
    }
}
