//! Which versions of programs are too old.

use super::judge::Level;

/// A major and a minor number.
type Version = (u32, u32);

/// The oldest that will do, how bad an older one is, and why.
const LEAST: [(&str, Version, Level, &str); 3] = [
    (
        "git",
        (2, 32),
        Level::Broken,
        "older ones do not take settings and the place of them from the environment",
    ),
    (
        "containerd",
        (1, 6),
        Level::Broken,
        "older ones do not speak version 1 of the container runtime interface",
    ),
    (
        "postgres",
        (15, 0),
        Level::Warning,
        "Kedge is tried with no older one",
    ),
];

/// Of a program that says a version which is too old: how bad that is, and why.
pub(super) fn too_old(program: &str, said: &str) -> Option<(Level, String)> {
    let (_, least, level, why) = LEAST.iter().find(|(name, ..)| *name == program)?;
    let (major, minor) = least;
    let is_old = number(said)? < *least;
    is_old.then(|| (*level, format!("{major}.{minor} or newer is needed: {why}")))
}

/// The first number in what a program says of itself: `git version 2.39.5`.
fn number(said: &str) -> Option<Version> {
    said.split_whitespace().find_map(|word| {
        let word = word.trim_start_matches('v');
        let mut parts = word.split(|letter: char| !letter.is_ascii_digit());
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next().and_then(|it| it.parse().ok());
        Some((major, minor.unwrap_or(0)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_judged() {
        let check = |program: &str, said: &str, expected: Option<Level>| {
            let judged = too_old(program, said).map(|(level, _)| level);
            assert_eq!(judged, expected, "{said}");
        };
        check("git", "git version 2.39.5", None);
        check("git", "git version 2.9.0", Some(Level::Broken));
        check("git", "git version 2.32.1.windows.1", None);
        let containerd = "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1";
        check("containerd", containerd, None);
        check(
            "containerd",
            "containerd github.com/containerd/containerd/v2 v2.1.4 abc",
            None,
        );
        check(
            "containerd",
            "containerd containerd.io 1.5.9 abc",
            Some(Level::Broken),
        );
        check(
            "postgres",
            "postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)",
            None,
        );
        check("postgres", "postgres (PostgreSQL) 17beta1", None);
        check(
            "postgres",
            "postgres (PostgreSQL) 13.16",
            Some(Level::Warning),
        );
        // What says nothing that can be read is not judged.
        check("git", "", None);
        check("runc", "runc version 0.1", None);
    }
}
