//! The lines of a plan on a page, each with the class of what it is.

use engine::plan::{Mark, marks};

/// Class and text of each line, as far as the page has room.
pub(super) fn lines(lines: &[String], most: usize) -> Vec<(&'static str, String)> {
    let marked = lines.iter().zip(marks(lines)).take(most);
    marked
        .map(|(line, (mark, _))| (class(mark), line.clone()))
        .collect()
}

/// The lines that say what happens to an object, and not what changes in it.
pub(super) fn sentences(lines: &[String]) -> impl Iterator<Item = &String> {
    let marked = lines.iter().zip(marks(lines));
    marked
        .filter(|(_, (mark, _))| !mark.is_patch())
        .map(|(line, _)| line)
}

/// The colour of a line.
pub(super) fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Create | Mark::Added => "ok",
        Mark::Delete | Mark::Asks | Mark::Removed => "bad",
        Mark::Change => "warn",
        Mark::Place => "dim",
        Mark::Keep | Mark::Same | Mark::Other => "",
    }
}
