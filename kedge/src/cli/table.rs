//! Columns, as `kubectl` prints them: padded to the widest cell, three blanks between.

use owo_colors::Style;
use unicode_width::UnicodeWidthStr;

/// Between two columns, where there is room.
const GAP: usize = 3;

/// Rows under a header.
pub(super) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    /// The columns in the order in which they give way.
    order: Vec<usize>,
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

    fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|it| *it == name)
    }

    /// The lines, whole, with colours in them; the last column is not padded.
    #[cfg(test)]
    pub(super) fn lines(&self) -> Vec<String> {
        self.lines_within(None)
    }

    /// The same in at most `most` columns, where there is such a limit: cells that are too long end
    /// with `…`. Where even that is too wide, the cells of a row stand one below the other.
    pub(super) fn lines_within(&self, most: Option<usize>) -> Vec<String> {
        let header: Vec<Cell> = self.header.iter().map(|name| Cell::from(*name)).collect();
        let all: Vec<&Vec<Cell>> = std::iter::once(&header).chain(&self.rows).collect();
        let widest = |column: usize| {
            let cells = all.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(&cell.text)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.header.len()).map(widest).collect();
        let layout = match most {
            None => Some(Layout { widths, gap: GAP }),
            Some(most) => fit(&widths, &self.order, most),
        };
        match (layout, most) {
            (Some(layout), _) => all.iter().map(|row| layout.line(row)).collect(),
            (None, most) => self.stacked(most.unwrap_or(usize::MAX)),
        }
    }

    /// Each row as lines of its own, an empty line between two; empty cells are left out.
    fn stacked(&self, most: usize) -> Vec<String> {
        let label = self.header.iter().map(|name| width(name)).max();
        let label = label.unwrap_or(0);
        let room = most.saturating_sub(label + GAP).max(1);
        let layout = Layout {
            widths: vec![label, room],
            gap: GAP,
        };
        let mut lines = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            if at > 0 {
                lines.push(String::new());
            }
            let cells = self.header.iter().zip(row);
            let told = cells.filter(|(_, cell)| !cell.text.is_empty());
            lines.extend(told.map(|(name, cell)| layout.line(&[(*name).into(), cell.clone()])));
        }
        lines
    }
}

/// How wide each column is, and what is between two.
struct Layout {
    widths: Vec<usize>,
    gap: usize,
}

/// A text of many words can be read in this many columns.
const READABLE: usize = 24;
/// What can be told from others in this many: the beginning of a commit, a state, an age.
const TELLING: usize = 7;
/// The same of what a row is known by.
const NAMING: usize = 16;

/// The widest columns become narrower first, down to what can be read; then the gaps; then the least
/// important columns, down to what can be told from others. `None` where that does not fit either.
fn fit(natural: &[usize], order: &[usize], most: usize) -> Option<Layout> {
    let gaps = |gap: usize| gap * natural.len().saturating_sub(1);
    let mut widths = natural.to_vec();
    let over =
        |widths: &[usize], gap| (widths.iter().sum::<usize>() + gaps(gap)).saturating_sub(most);
    for gap in (1..=GAP).rev() {
        widths.clone_from_slice(natural);
        // Of equals the last: what is first is what a row is known by.
        while over(&widths, gap) > 0
            && let Some(widest) = widths.iter_mut().filter(|it| **it > READABLE).max()
        {
            *widest -= 1;
        }
        if over(&widths, gap) == 0 {
            return Some(Layout { widths, gap });
        }
    }
    let narrow = widths;
    for gap in (1..=GAP).rev() {
        let mut widths = narrow.clone();
        for column in order {
            let least = if *column == 0 { NAMING } else { TELLING };
            let spare = widths[*column].saturating_sub(least);
            widths[*column] -= spare.min(over(&widths, gap));
        }
        if over(&widths, gap) == 0 {
            return Some(Layout { widths, gap });
        }
    }
    None
}

impl Layout {
    fn line(&self, row: &[Cell]) -> String {
        let mut line = String::new();
        let mut blanks = 0;
        for (cell, wanted) in row.iter().zip(&self.widths) {
            let text = match cell.stays {
                End::First => cut(&cell.text, *wanted),
                End::Last => cut_front(&cell.text, *wanted),
            };
            if !text.is_empty() {
                line.push_str(&" ".repeat(blanks));
                line.push_str(&cell.style.style(&text).to_string());
                blanks = 0;
            }
            blanks += wanted.saturating_sub(width(&text)) + self.gap;
        }
        line
    }
}

fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut ends = text.char_indices().map(|(at, _)| at).skip(1);
    let mut end = 0;
    while let Some(next) = ends.next().filter(|at| width(&text[..*at]) < most) {
        end = next;
    }
    format!("{}…", &text[..end])
}

fn cut_front(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let begins = text.char_indices().map(|(at, _)| at).rev();
    let fits = begins.take_while(|at| width(&text[*at..]) < most);
    let begin = fits.last().unwrap_or(text.len());
    format!("…{}", &text[begin..])
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As many as a table has, and as long.
    const NAMES: [&str; 12] = [
        "NAME",
        "SYNC",
        "HEALTH",
        "COMMIT",
        "AGE",
        "TOOK",
        "AUTHOR",
        "TRIGGER",
        "NAMESPACE",
        "REVISION",
        "APPLICATIONS",
        "WHAT IS IN THE WAY",
    ];

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
        assert_eq!(fitting[1], "web   container web in pod we…");
        assert!(fitting.iter().all(|line| width(line) <= 30));
    }

    #[test]
    fn what_matters_least_gives_way_first() {
        let mut table = Table::new(&["NAME", "AUTHOR", "PHASE", "MESSAGE"]).yielding(&["AUTHOR"]);
        let author = "somebody.with.a.name@example.org";
        let cells = ["serving-12", author, "Succeeded", "ready"];
        table.row(cells.map(Cell::from));
        // First what is widest, down to what can be read.
        let fitting = table.lines_within(Some(60));
        assert_eq!(
            fitting[1],
            "serving-12   somebody.with.a.name@exa…   Succeeded   ready"
        );
        let fitting = table.lines_within(Some(44));
        assert_eq!(fitting[0], "NAME         AUTHOR      PHASE       MESSAGE");
        assert_eq!(fitting[1], "serving-12   somebody…   Succeeded   ready");
    }

    #[test]
    fn rows_are_stacked_where_columns_are_too_many() {
        let names = ["NAME", "B", "C", "D", "E", "LONGER"];
        let mut table = Table::new(&names);
        table.row(["a", "", "c", "", "", "f"].map(|it| Cell::from(it.repeat(40))));
        table.row(["x", "", "", "", "", "y"].map(Cell::from));
        assert_eq!(
            table.lines_within(Some(30)),
            [
                format!("NAME     {}…", "a".repeat(20)),
                format!("C        {}…", "c".repeat(20)),
                format!("LONGER   {}…", "f".repeat(20)),
                String::new(),
                "NAME     x".into(),
                "LONGER   y".into(),
            ]
        );
    }

    #[test]
    fn width_is_what_a_terminal_shows() {
        let mut table = Table::new(&["NAME", "MESSAGE"]);
        table.row(["日本", "🚀 up"].map(Cell::from));
        table.row(["e\u{301}", "x"].map(Cell::from));
        let expected = ["NAME   MESSAGE", "日本   🚀 up", "e\u{301}      x"];
        assert_eq!(table.lines(), expected);
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut_front("日本語", 4), "…語");
        assert_eq!(cut_front("spec.replicas", 9), "…replicas");
        assert_eq!(cut_front("spec", 4), "spec");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 6), "日本語");
    }

    proptest! {
        #[test]
        fn a_table_fits_every_terminal(
            most in 40_usize..200,
            columns in 1_usize..12,
            yielding in proptest::sample::subsequence(NAMES.to_vec(), 0..6),
            cells in proptest::collection::vec("\\PC{0,60}|[a-z ]{0,200}", 12..36),
        ) {
            let header = &NAMES[..columns];
            let mut table = Table::new(header).yielding(&yielding);
            for row in cells.chunks_exact(columns) {
                table.row(row.iter().enumerate().map(|(at, it)| match at % 2 {
                    0 => Cell::from(it.as_str()),
                    _ => Cell::path(it.as_str()),
                }));
            }
            for line in table.lines_within(Some(most)) {
                prop_assert!(width(&line) <= most, "{} in {most}: {line:?}", width(&line));
            }
            // In a pipe nothing is cut, however much there is.
            let whole = table.lines();
            for (row, line) in cells.chunks_exact(columns).zip(&whole[1..]) {
                prop_assert!(row.iter().all(|it| line.contains(&plain(it))), "{line:?}");
            }
        }
    }

    #[test]
    fn colours_take_no_room() {
        let mut table = Table::new(&["A", "B"]);
        let red = Cell::styled("bad", Style::new().red());
        table.row([red, "x".into()]);
        assert_eq!(table.lines()[1], "\u{1b}[31mbad\u{1b}[0m   x");
    }
}
