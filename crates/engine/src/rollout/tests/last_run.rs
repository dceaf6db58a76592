//! What runs by the clock, and not because of a rollout.

use super::*;

#[test]
fn the_last_run_of_a_cron_job_is_told_and_keeps_nobody_waiting() {
    let failed = Health::degraded("last run a-1 failed: too often");
    let mut world = World::new(&[&["a"]])
        .running(RolloutPhase::Verifying)
        .health("a", failed);
    for wave in &mut world.plan.as_mut().unwrap().waves {
        for step in &mut wave.steps {
            step.kind = "CronJob".into();
        }
    }
    assert_eq!(world.decide(), ["succeed, changed false"]);
    let state = state(&world.observed());
    assert_eq!(state.health.status, HealthStatus::Degraded);
    assert_eq!(
        state.health.message,
        "CronJob shop/a: last run a-1 failed: too often"
    );
    assert_eq!(state.holds_back, None);

    // Beside it something comes up: that is what others wait for, whatever is worse.
    let mut world = World::new(&[&["a", "b"]])
        .health("a", Health::degraded("last run a-1 failed: too often"))
        .health("b", Health::progressing("0 of 1 ready"));
    world.plan.as_mut().unwrap().waves[0].steps[0].kind = "CronJob".into();
    let state = super::state(&world.observed());
    assert_eq!(state.health.status, HealthStatus::Degraded);
    let waits = state.holds_back.map(|it| (it.status, it.message));
    let kind = &world.plan.as_ref().unwrap().waves[0].steps[1].kind;
    let told = format!("{kind} shop/b: 0 of 1 ready");
    assert_eq!(waits, Some((HealthStatus::Progressing, told)));
}
