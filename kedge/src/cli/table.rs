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

    /// The lines, whole, with colours in them; the last column is not padded.
    #[cfg(test)]
    pub(super) fn lines(&self) -> Vec<String> {
        self.lines_within(None)
    }

    /// The same in at most `most` columns, where there is such a limit: cells that are too long end
    /// with `…`.
    pub(super) fn lines_within(&self, most: Option<usize>) -> Vec<String> {
        let header = self.header.iter().map(|name| Cell::from(*name)).collect();
        let all: Vec<&Vec<Cell>> = std::iter::once(&header).chain(&self.rows).collect();
        let mut widths: Vec<usize> = (0..self.header.len())
            .map(|column| {
                let cells = all.iter().filter_map(|row| row.get(column));
                cells.map(|cell| width(&cell.text)).max().unwrap_or(0)
            })
            .collect();
        if let Some(most) = most {
            fit(&mut widths, &self.header, most);
        }
        all.iter().map(|row| line(row, &widths)).collect()
    }
}

/// No column becomes narrower than this, but where its header is longer.
const LEAST: usize = 12;

/// Takes from the widest column until the row fits, or every column is as narrow as may be.
fn fit(widths: &mut [usize], header: &[&str], most: usize) {
    let gaps = GAP * widths.len().saturating_sub(1);
    let mut over = (widths.iter().sum::<usize>() + gaps).saturating_sub(most);
    while over > 0 {
        let least = |column: usize| LEAST.max(width(header[column]));
        let shrinkable = (0..widths.len()).filter(|column| widths[*column] > least(*column));
        // Of equals the last: what is first is what a row is known by.
        let Some(column) = shrinkable.max_by_key(|column| widths[*column]) else {
            return;
        };
        widths[column] -= 1;
        over -= 1;
    }
}

fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn line(row: &[Cell], widths: &[usize]) -> String {
    let mut line = String::new();
    let mut blanks = 0;
    for (cell, wanted) in row.iter().zip(widths) {
        let text = cut(&cell.text, *wanted);
        if !text.is_empty() {
            line.push_str(&" ".repeat(blanks));
            line.push_str(&cell.style.style(&text).to_string());
            blanks = 0;
        }
        blanks += wanted - width(&text) + GAP;
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
    fn a_table_fits_the_terminal_and_is_whole_in_a_pipe() {
        let mut table = Table::new(&["NAME", "MESSAGE"]);
        table.row(["web", "container web in pod web-1 cannot pull its image"].map(Cell::from));
        let whole = table.lines_within(None);
        assert!(whole[1].ends_with("its image"));
        let fitting = table.lines_within(Some(30));
        assert_eq!(fitting[1], "web    container web in pod w…");
        assert!(fitting.iter().all(|line| width(line) <= 30));
        // A terminal too narrow for anything is not filled with dots.
        assert_eq!(table.lines_within(Some(3))[1], "web    container w…");
    }

    #[test]
    fn colours_take_no_room() {
        let mut table = Table::new(&["A", "B"]);
        let red = Cell::styled("bad", Style::new().red());
        table.row([red, "x".into()]);
        assert_eq!(table.lines()[1], "\u{1b}[31mbad\u{1b}[0m   x");
    }
}
