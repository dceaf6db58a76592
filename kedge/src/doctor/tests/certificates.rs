//! Certificates that hold no longer, not yet, or not at all.

use super::*;

/// One certificate of a kind that holds so.
fn of(kind: Kind, holds: Holds) -> impl FnOnce(&mut Facts) {
    move |facts| {
        let certificate = &mut instance(facts).certificates[0];
        (certificate.kind, certificate.holds) = (kind, holds);
    }
}

#[test]
fn what_ended_or_ends_soon_is_told_with_who_makes_it_anew() {
    use Level::{Broken, Warning};
    let anew = [
        (Kind::Leaf, "it is made anew", "renews it"),
        (
            Kind::Authority,
            "renewed with its key",
            "renewed with its key",
        ),
        (Kind::Given, "--web-tls-cert", "--web-tls-cert"),
        (Kind::Joined, "with the same name", "with the same name"),
    ];
    for (kind, ended, ends) in anew {
        check(
            of(kind, between(-400, -1)),
            &[("certificates", Broken, "ended on 2026-11-20")],
        );
        check(
            of(kind, between(-400, -1)),
            &[("certificates", Broken, ended)],
        );
        check(
            of(kind, between(-400, 10)),
            &[("certificates", Warning, "ends on 2026-12-01")],
        );
        check(
            of(kind, between(-400, 10)),
            &[("certificates", Warning, ends)],
        );
        check(of(kind, between(-400, 31)), &[]);
    }
    // The moment it ends it holds no longer, and the one it begins it does.
    check(
        of(Kind::Leaf, between(-400, 0)),
        &[("certificates", Broken, "ended on 2026-11-21")],
    );
    check(of(Kind::Leaf, between(0, 400)), &[]);
}

#[test]
fn what_holds_not_yet_is_a_matter_of_the_clock_first() {
    for (kind, advice) in [
        (Kind::Leaf, "if it is right, kedge down, then kedge up"),
        (
            Kind::Authority,
            "if it is right, kedge down, move the directory pki away",
        ),
        (Kind::Given, "if it is right, put one that holds"),
    ] {
        let early = || of(kind, between(1, 400));
        let from = "holds only from 2026-11-22 10:00 UTC on: set this machine's clock right";
        check(early(), &[("certificates", Level::Broken, from)]);
        let now = "it says 2026-11-21 10:00 UTC";
        check(early(), &[("certificates", Level::Broken, now)]);
        check(early(), &[("certificates", Level::Broken, advice)]);
    }
}

#[test]
fn what_cannot_be_read_is_broken_and_what_may_not_is_not_known() {
    let never = || Holds::Never("no PEM".into());
    for (kind, advice) in [
        (Kind::Leaf, "delete this file"),
        (Kind::Authority, "move the directory pki away"),
        (Kind::Copy, "written again from ca.pem"),
        (Kind::Given, "--web-tls-cert"),
        (Kind::Joined, "with the same name"),
    ] {
        let told = [("certificates", Level::Broken, "cannot be used: no PEM")];
        check(of(kind, never()), &told);
        check(
            of(kind, never()),
            &[("certificates", Level::Broken, advice)],
        );
        let hidden = [("certificates", Level::Unknown, "run kedge doctor as root")];
        check(of(kind, Holds::Hidden), &hidden);
    }
}
