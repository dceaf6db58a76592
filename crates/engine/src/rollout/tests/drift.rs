use super::*;

#[test]
fn drift_is_told_whether_or_not_it_may_be_put_back() {
    let check = |world: &World, expected: Option<&[&str]>| {
        let drifted = drifted(&world.observed());
        let names = drifted.map(|keys| keys.into_iter().map(|it| it.name).collect::<Vec<_>>());
        let expected = expected.map(|names| names.iter().map(|it| (*it).to_owned()).collect());
        assert_eq!(names, expected);
    };
    let mut world = World::new(&[&["a!", "b"]]).running(RolloutPhase::Succeeded);
    check(&world, Some(&["a"]));
    world.application.policy.self_heal = false;
    check(&world, Some(&["a"]));
    world.suspended = Some("by hand");
    check(&world, Some(&["a"]));
    check(
        &World::new(&[&["a"]]).running(RolloutPhase::Succeeded),
        Some(&[]),
    );
    // Until the verdict, and after one that it failed, it may be the commit itself.
    check(&World::new(&[&["a!"]]), None);
    check(
        &World::new(&[&["a!"]]).running(RolloutPhase::Verifying),
        None,
    );
    check(&World::new(&[&["a!"]]).running(RolloutPhase::Failed), None);
}
