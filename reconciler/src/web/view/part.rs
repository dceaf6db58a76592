//! One page of a list that is longer. Pure.

use std::ops::Range;

/// Rows on one page.
const ROWS: usize = 200;

/// Which rows, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    page: usize,
    all: usize,
}

impl Part {
    /// `page` counts from 1; what is no page of the list is its first, or its last.
    pub(crate) fn of(page: &str, all: usize) -> Self {
        let pages = all.div_ceil(ROWS).max(1);
        let page = page.parse().unwrap_or(1).clamp(1, pages);
        Self { page, all }
    }

    pub(crate) fn range(self) -> Range<usize> {
        let from = (self.page - 1) * ROWS;
        from..(from + ROWS).min(self.all)
    }

    /// `201 to 400 of 1000`; empty where all are here.
    pub(crate) fn text(self) -> String {
        let Range { start, end } = self.range();
        if self.all <= ROWS {
            return String::new();
        }
        format!("{} to {end} of {}", start + 1, self.all)
    }

    /// The addresses of the pages around; empty where there is none.
    pub(crate) fn before(self) -> String {
        match self.page {
            1 => String::new(),
            page => format!("?page={}", page - 1),
        }
    }

    pub(crate) fn after(self) -> String {
        if self.range().end < self.all {
            format!("?page={}", self.page + 1)
        } else {
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_all_rows_once() {
        let check = |page: &str, all: usize, text: &str, before: &str, after: &str| {
            let part = Part::of(page, all);
            let told = (part.text(), part.before(), part.after());
            assert_eq!(
                told,
                (text.into(), before.into(), after.into()),
                "{page} {all}"
            );
        };
        check("", 0, "", "", "");
        check("1", 200, "", "", "");
        check("x", 201, "1 to 200 of 201", "", "?page=2");
        check("2", 201, "201 to 201 of 201", "?page=1", "");
        check("9", 201, "201 to 201 of 201", "?page=1", "");
        check("0", 401, "1 to 200 of 401", "", "?page=2");
        assert_eq!(Part::of("3", 401).range(), 400..401);
    }
}
