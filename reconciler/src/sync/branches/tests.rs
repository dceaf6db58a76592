use super::*;
use crate::forge::{Report, Verdict};

fn head(name: &str, commit: &str, second: i64) -> Head {
    Head {
        name: name.into(),
        commit: CommitId(commit.into()),
        at: Timestamp::from_second(second).unwrap(),
    }
}

fn change(branch: &str, commit: &str, pull: &str) -> Change {
    Change {
        repository: "shop".into(),
        branch: branch.into(),
        revision: CommitId(commit.into()),
        base: CommitId("m".into()),
        pull: pull.into(),
        planned_at: Timestamp::UNIX_EPOCH,
        verdict: Verdict::Passed,
        digest: String::new(),
        report: Report::default(),
    }
}

#[test]
fn the_newest_head_that_nobody_planned_is_next() {
    let heads = [
        head("main", "m", 90),
        head("copy", "m", 95),
        head("old", "a", 10),
        head("new", "b", 30),
        head("middle", "c", 20),
    ];
    let followed = Followed {
        names: ["main".to_owned()].into(),
        commits: [CommitId("m".into())].into(),
        bases: [CommitId("m".into())].into(),
    };
    let check = |known: &[Change], seen: &[&str], expected: Option<&str>| {
        let is_seen = |head: &Head| seen.contains(&head.name.as_str());
        let found = choose(&heads, &followed, known, is_seen);
        assert_eq!(found.map(|it| it.name.as_str()), expected);
    };
    check(&[], &[], Some("new"));
    check(&[], &["new"], Some("middle"));
    check(&[change("new", "b", "")], &[], Some("middle"));
    // It moved since.
    check(&[change("new", "before", "")], &[], Some("new"));
    // What it would be merged into did.
    let old = Change {
        base: CommitId("before".into()),
        ..change("new", "b", "")
    };
    check(std::slice::from_ref(&old), &[], Some("new"));
    check(&[old], &["new"], Some("middle"));
    check(&[change("pull/7", "b", "7")], &["middle"], Some("old"));
    check(&[], &["new", "middle", "old"], None);

    let many: Vec<Head> = (0..25)
        .map(|count| head(&format!("b{count:02}"), "x", count))
        .collect();
    let oldest = |head: &Head| head.at.as_second() >= 5;
    assert_eq!(
        choose(&many, &followed, &[], oldest),
        None,
        "of the newest twenty"
    );
}

#[test]
fn what_is_no_more_or_a_pull_request_is_forgotten() {
    let heads = [head("here", "a", 1), head("asked", "b", 2)];
    let known = [
        change("here", "a", ""),
        change("away", "z", ""),
        change("asked", "b", ""),
        change("pull/7", "b", "7"),
    ];
    assert_eq!(gone(&heads, &known), ["away", "asked"]);
}

#[test]
fn a_forge_is_known_by_its_webhook_or_its_host() {
    for (said, host, expected) in [
        ("gitea", "github.com", Some(Kind::Gitea)),
        ("", "github.com", Some(Kind::GitHub)),
        ("", "gitlab.example.org", Some(Kind::GitLab)),
        ("", "codeberg.org", Some(Kind::Gitea)),
        ("", "git.example.org", None),
    ] {
        assert_eq!(kind(said, host), expected, "{said} {host}");
    }
}
