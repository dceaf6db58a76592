//! How a table comes to fit a terminal. Pure.

use super::{Cell, End, width};

/// Between two columns, where there is room.
pub(super) const GAP: usize = 3;

/// How wide each column is, and what is between two.
pub(super) struct Layout {
    widths: Vec<usize>,
    gap: usize,
    /// Whether what the last column has no room for goes on below.
    pub(super) wraps: bool,
}

/// A text of many words can be read in this many columns.
const READABLE: usize = 24;
/// What can be told from others in this many: the beginning of a commit, a state, an age.
const TELLING: usize = 7;
/// The same of what a row is known by.
const NAMING: usize = 16;

/// How many columns too wide it is.
fn over(widths: &[usize], gap: usize, most: usize) -> usize {
    let gaps = gap * widths.len().saturating_sub(1);
    (widths.iter().sum::<usize>() + gaps).saturating_sub(most)
}

/// The widest columns become narrower first, down to what can be read; then the gaps. `None` where
/// that does not fit.
pub(super) fn readable(natural: &[usize], most: usize) -> Option<Layout> {
    for gap in (1..=GAP).rev() {
        let mut widths = natural.to_vec();
        // Of equals the last: what is first is what a row is known by.
        while over(&widths, gap, most) > 0
            && let Some(widest) = widths.iter_mut().filter(|it| **it > READABLE).max()
        {
            *widest -= 1;
        }
        if over(&widths, gap, most) == 0 {
            return Some(Layout::of(widths, gap));
        }
    }
    None
}

/// The same, and then the least important columns, down to what can be told from others. `None` where
/// that does not fit either.
pub(super) fn fit(natural: &[usize], order: &[usize], most: usize) -> Option<Layout> {
    if let Some(layout) = readable(natural, most) {
        return Some(layout);
    }
    let mut widths: Vec<usize> = natural.iter().map(|it| (*it).min(READABLE)).collect();
    // What is in a cell is worth more than what is between two.
    let gap = 1;
    for column in order {
        let least = if *column == 0 { NAMING } else { TELLING };
        let spare = widths[*column].saturating_sub(least);
        widths[*column] -= spare.min(over(&widths, gap, most));
    }
    (over(&widths, gap, most) == 0).then(|| Layout::of(widths, gap))
}

impl Layout {
    pub(super) fn of(widths: Vec<usize>, gap: usize) -> Self {
        Self {
            widths,
            gap,
            wraps: false,
        }
    }

    /// How wide the last column is.
    pub(super) fn last(&self) -> usize {
        self.widths.last().copied().unwrap_or(0)
    }

    /// One line, or more where the last column wraps.
    pub(super) fn lines(&self, row: &[Cell]) -> Vec<String> {
        let (Some(last), true) = (row.last(), self.wraps) else {
            return vec![self.line(row)];
        };
        let room = self.last();
        let empty = Cell::styled("", last.style);
        let mut row = row.to_vec();
        let mut lines = Vec::new();
        for text in wrapped(&last.text, room) {
            if let Some(cell) = row.last_mut() {
                cell.text = text;
            }
            lines.push(self.line(&row));
            row = vec![empty.clone(); row.len()];
        }
        lines
    }

    fn line(&self, row: &[Cell]) -> String {
        let mut line = String::new();
        let mut blanks = 0;
        for (cell, wanted) in row.iter().zip(&self.widths) {
            let text = match cell.stays {
                End::First => cut(&cell.text, *wanted),
                End::Last => cut_front(&cell.text, *wanted),
                End::Both => cut_middle(&cell.text, *wanted),
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

/// Whether a text has a word that would be broken in `room` columns, and not in `most`.
pub(super) fn breaks(text: &str, room: usize, most: usize) -> bool {
    let longest = text.split_whitespace().map(width).max().unwrap_or(0);
    (room + 1..=most).contains(&longest)
}

/// A text in lines of at most `most` columns, of whole words where they fit; never none.
pub(in crate::cli) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word;
        loop {
            let line = lines.last_mut().expect("there is always one");
            let blank = usize::from(!line.is_empty());
            if width(line) + blank + width(word) <= most {
                line.push_str(if blank > 0 { " " } else { "" });
                line.push_str(word);
                break;
            }
            if blank > 0 {
                lines.push(String::new());
                continue;
            }
            // Longer than a line: as much of it as there is room for, and one character at least.
            let fits = word.char_indices().skip(1).map(|(at, _)| at);
            let fits = fits.take_while(|at| width(&word[..*at]) <= most).last();
            let next = word.chars().next().map_or(word.len(), char::len_utf8);
            let (begin, rest) = word.split_at(fits.unwrap_or(next));
            line.push_str(begin);
            if rest.is_empty() {
                break;
            }
            lines.push(String::new());
            word = rest;
        }
    }
    lines
}

pub(super) fn cut(text: &str, most: usize) -> String {
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

pub(super) fn cut_front(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let begins = text.char_indices().map(|(at, _)| at).rev();
    let fits = begins.take_while(|at| width(&text[*at..]) < most);
    let begin = fits.last().unwrap_or(text.len());
    format!("…{}", &text[begin..])
}

fn cut_middle(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    // Of two halves that are not alike, the end is the longer one: it tells one from another.
    let begin = cut(text, most / 2);
    let end = cut_front(text, most + 1 - width(&begin));
    format!("{begin}{}", end.trim_start_matches('…'))
}
