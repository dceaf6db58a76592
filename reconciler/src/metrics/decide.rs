//! Whether a rollout that succeeded is there to stay: its commit may fail in another Application
//! still, and go back in all of them.

use crate::history::Rollout;

/// What is known of the commit besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Commit {
    /// Whether every Application has seen it, and none rolls it out any more.
    pub(super) is_decided: bool,
    /// Whether it takes this Application along where it fails.
    pub(super) together: bool,
    /// Whether it failed in another one since.
    pub(super) failed: bool,
    /// Whether the Application has a newer rollout.
    pub(super) is_past: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    Goes,
    Open,
}

pub(super) fn fate(rollout: &Rollout, commit: Commit) -> Fate {
    if rollout.undone_at.is_some() {
        return Fate::Goes;
    }
    if !commit.together || rollout.options.is_partial() || commit.is_past {
        return Fate::Stays;
    }
    if commit.failed || !commit.is_decided {
        return Fate::Open;
    }
    Fate::Stays
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, rollout};
    use super::*;

    #[test]
    fn what_is_taken_back_with_its_commit_does_not_count() {
        let over = rollout(3, Some(12));
        let decided = Commit {
            is_decided: true,
            together: true,
            failed: false,
            is_past: false,
        };
        let check = |rollout: &Rollout, commit: Commit, expected: Fate| {
            assert_eq!(fate(rollout, commit), expected, "{commit:?}");
        };
        check(&over, decided, Fate::Stays);
        let open = Commit {
            is_decided: false,
            ..decided
        };
        check(&over, open, Fate::Open);
        let alone = Commit {
            together: false,
            failed: true,
            ..open
        };
        check(&over, alone, Fate::Stays);
        let failed = Commit {
            failed: true,
            ..decided
        };
        check(&over, failed, Fate::Open);
        let past = Commit {
            is_past: true,
            ..failed
        };
        check(&over, past, Fate::Stays);
        let mut undone = over.clone();
        undone.undone_at = Some(at(20));
        check(&undone, failed, Fate::Goes);
        check(&undone, past, Fate::Goes);
    }
}
