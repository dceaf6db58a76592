//! Whether something failed because a disk is full: whoever asked is told so, and what to do, and not what
//! the database or the file system says of the file that it could not write.

use std::error::Error;
use std::iter::successors;

use axum::http::StatusCode;

use crate::history;

/// What whoever asked is answered with.
pub(super) const STATUS: StatusCode = StatusCode::INSUFFICIENT_STORAGE;
/// What is told in its place.
pub(super) const TOLD: &str = "the disk of the database or of the repositories is full: nothing was changed; \
                               make room there, and do it again";
/// What the system calls it, in the words of whoever was told so.
const NO_SPACE: &str = "No space left on device";

pub(super) fn is_lacking(error: &(dyn Error + 'static)) -> bool {
    let mut causes = successors(Some(error), |cause| (*cause).source());
    causes.any(|cause| {
        let of_database = cause.downcast_ref::<history::Error>();
        of_database.is_some_and(history::Error::is_full) || cause.to_string().contains(NO_SPACE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot make the token")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn a_full_disk_is_known_by_what_the_system_says_of_it() {
        let full = std::io::Error::other("could not extend file: No space left on device");
        assert!(is_lacking(&Outer(full)));
        assert!(is_lacking(&std::io::Error::from_raw_os_error(28)));
        assert!(!is_lacking(&Outer(std::io::Error::other("no answer"))));
        assert!(!is_lacking(&history::Error::Unsaid));
    }
}
