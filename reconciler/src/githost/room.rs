//! Whether the disk has room for what somebody pushes. Git and the database would find out in the middle
//! of it, each in its own words.

use std::path::Path;

/// For the objects of a push, and for what the database writes of it.
const LEAST: u64 = 64 << 20;

/// Why nothing can be taken in; `None` where it can, or where that cannot be told.
pub(super) fn refusal(repository: &Path) -> Option<String> {
    let disk = rustix::fs::statvfs(repository).ok()?;
    told(repository, disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn told(repository: &Path, free: u64) -> Option<String> {
    let mib = |bytes: u64| bytes >> 20;
    (free < LEAST).then(|| {
        format!(
            "nothing was changed: the disk of {} is full ({} MiB are free, {} are needed); make room \
             there and push again",
            repository.display(),
            mib(free),
            mib(LEAST)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_takes_nothing_in() {
        let path = Path::new("/srv/k/git/cluster.git");
        assert_eq!(told(path, LEAST), None);
        let refused = told(path, 3 << 20).unwrap();
        for part in ["/srv/k/git/cluster.git is full", "3 MiB are free, 64"] {
            assert!(refused.contains(part), "{refused}");
        }
        assert_eq!(refusal(Path::new("/no/such/place")), None);
    }
}
