//! Which lines of a comparison are on the page: those around changes, the others folded behind a
//! word, and not more than the page can bear.

use super::lines::Row;

/// Lines that are folded, then lines that are not.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// How many are folded.
    pub folded: usize,
    /// They themselves; none where there is no room for them on the page.
    pub hid: Vec<Row>,
    pub rows: Vec<Row>,
}

impl Block {
    /// Its lines, and whether they are folded.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (bool, &[Row])> {
        let hid = (true, self.hid.as_slice());
        let rows = (false, self.rows.as_slice());
        [hid, rows].into_iter().filter(|part| !part.1.is_empty())
    }
}

/// Folds what is further than `context` lines from every change.
pub(super) fn fold(rows: Vec<Row>, context: Option<usize>) -> Vec<Block> {
    let Some(context) = context else {
        return vec![Block {
            rows,
            ..Block::default()
        }];
    };
    let changed: Vec<usize> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| !row.context)
        .map(|(at, _)| at)
        .collect();
    let is_near = |at: usize| {
        let next = changed.partition_point(|it| *it < at);
        let before = next.checked_sub(1).and_then(|it| changed.get(it));
        let near = [before, changed.get(next)].into_iter().flatten();
        near.into_iter().any(|it| it.abs_diff(at) <= context)
    };
    let mut blocks: Vec<Block> = Vec::new();
    let mut was_near = false;
    for (at, row) in rows.into_iter().enumerate() {
        let is_near = is_near(at);
        if blocks.is_empty() || (was_near && !is_near) {
            blocks.push(Block::default());
        }
        was_near = is_near;
        let Some(block) = blocks.last_mut() else {
            continue;
        };
        if is_near {
            block.rows.push(row);
        } else {
            block.folded += 1;
            block.hid.push(row);
        }
    }
    blocks
}

/// What there is room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) lines: usize,
    /// In characters, about.
    pub(super) weight: usize,
}

impl Room {
    /// Takes a line's room, if there is that much.
    fn take(&mut self, row: &Row) -> bool {
        let rest = self.weight.checked_sub(row.weight());
        match (self.lines.checked_sub(1), rest) {
            (Some(lines), Some(weight)) => {
                *self = Self { lines, weight };
                true
            }
            _ => false,
        }
    }

    /// What is left of it once a part of it is.
    pub(super) fn without(self, was: Self, is: Self) -> Self {
        Self {
            lines: self.lines - (was.lines - is.lines),
            weight: self.weight - (was.weight - is.weight),
        }
    }

    /// What both have room for.
    pub(super) fn min(self, other: Self) -> Self {
        Self {
            lines: self.lines.min(other.lines),
            weight: self.weight.min(other.weight),
        }
    }
}

/// Leaves those lines that are not folded for which there is room, and takes it. How many went.
pub(super) fn cut(blocks: &mut Vec<Block>, room: &mut Room) -> usize {
    let mut gone = 0;
    for block in blocks.iter_mut() {
        let fits = |row: &&Row| gone == 0 && room.take(row);
        let fitting = block.rows.iter().take_while(fits).count();
        gone += block.rows.len() - fitting;
        block.rows.truncate(fitting);
    }
    // Nothing is folded behind what is cut off.
    while gone > 0 && blocks.last().is_some_and(|block| block.rows.is_empty()) {
        blocks.pop();
    }
    gone
}

/// Leaves out folded lines for which there is no room, and takes that of the others.
pub(super) fn unfoldable(blocks: &mut [Block], room: &mut Room) {
    for block in blocks {
        let mut after = *room;
        if block.hid.iter().all(|row| after.take(row)) {
            *room = after;
        } else {
            block.hid.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::diff::FieldChange;

    use super::super::lines::fields;
    use super::*;

    /// `.` for a line that did not change.
    fn rows(text: &str) -> Vec<Row> {
        let row = |letter| Row {
            context: letter == '.',
            ..Row::default()
        };
        text.chars().map(row).collect()
    }

    fn counts(blocks: &[Block]) -> Vec<(usize, usize, usize)> {
        let counts = blocks.iter();
        counts
            .map(|it| (it.folded, it.hid.len(), it.rows.len()))
            .collect()
    }

    #[test]
    fn what_is_far_from_a_change_is_folded() {
        let check = |text: &str, context, expected: &[(usize, usize, usize)]| {
            assert_eq!(counts(&fold(rows(text), context)), expected, "{text}");
        };
        check("x", Some(3), &[(0, 0, 1)]);
        check("....x....", Some(2), &[(2, 2, 5), (2, 2, 0)]);
        check("x......x", Some(3), &[(0, 0, 8)]);
        check("x.......x", Some(3), &[(0, 0, 4), (1, 1, 4)]);
        check("..x..", Some(0), &[(2, 2, 1), (2, 2, 0)]);
        check("..x..", None, &[(0, 0, 5)]);
        check("", Some(3), &[]);
    }

    #[test]
    fn a_page_has_room_for_so_much() {
        let room = |lines| Room {
            lines,
            weight: 1_000,
        };
        let mut blocks = fold(rows("....xx....x...."), Some(1));
        assert_eq!(counts(&blocks), [(3, 3, 4), (2, 2, 3), (3, 3, 0)]);
        let mut left = room(6);
        unfoldable(&mut blocks, &mut left);
        assert_eq!(left.lines, 1);
        assert_eq!(counts(&blocks), [(3, 3, 4), (2, 2, 3), (3, 0, 0)]);
        assert_eq!(cut(&mut blocks, &mut room(7)), 0);
        let mut left = room(4);
        assert_eq!((cut(&mut blocks, &mut left), left.lines), (3, 0));
        assert_eq!(counts(&blocks), [(3, 3, 4)]);
        assert_eq!(cut(&mut blocks, &mut room(1)), 3);
        assert_eq!(counts(&blocks), [(3, 3, 1)]);
    }

    #[test]
    fn long_lines_need_more_room() {
        let long = "a".repeat(100);
        let change = FieldChange {
            path: "data.a".into(),
            old: None,
            new: Some(vec![long; 10].into()),
        };
        let mut blocks = fold(fields(None, &[change], false, None), None);
        let mut room = Room {
            lines: 100,
            weight: 400,
        };
        // The path, the name, and three lines.
        assert_eq!(cut(&mut blocks, &mut room), 7);
        assert_eq!((counts(&blocks), room.lines), (vec![(0, 0, 5)], 95));
    }
}
