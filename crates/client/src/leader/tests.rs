use super::decide::*;
use super::*;

const T0: Timestamp = Timestamp::UNIX_EPOCH;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn held_by(holder: &str) -> Object {
    let key = Collection::new("coordination.k8s.io", "leases").key("kube-system", "x");
    lease(&key, None, holder, Duration::from_secs(15), 3, T0, T0)
}

#[test]
fn a_lease_is_taken_only_when_it_is_free_or_still() {
    let take = |transitions, acquired| Intent::Hold {
        transitions,
        acquired,
    };
    for (name, lease, now, expected) in [
        ("absent", None, at(20), take(0, at(20))),
        ("own", Some(held_by("me")), at(20), take(3, T0)),
        ("released", Some(held_by("")), at(1), take(4, at(1))),
        ("fresh", Some(held_by("other")), at(14), Intent::Wait),
        (
            "still for its duration",
            Some(held_by("other")),
            at(15),
            take(4, at(15)),
        ),
    ] {
        let mut sighting = Sighting::default();
        sighting.see(ResourceVersion("7".into()), T0);
        sighting.see(ResourceVersion("7".into()), at(5));
        assert_eq!(
            intent(lease.as_ref(), "me", &sighting, now),
            expected,
            "{name}"
        );
    }
}

#[test]
fn a_change_starts_the_wait_anew() {
    let mut sighting = Sighting::default();
    sighting.see(ResourceVersion("7".into()), T0);
    sighting.see(ResourceVersion("8".into()), at(10));
    assert_eq!(
        intent(Some(&held_by("other")), "me", &sighting, at(20)),
        Intent::Wait
    );
}
