//! What a process finds that another one left.

use super::*;

#[tokio::test]
async fn time_in_which_nobody_watched_is_not_counted() {
    let history = history().await;
    let running = Rollout {
        phase: RolloutPhase::Verifying,
        finished_at: None,
        began_at: Some(at(10)),
        deadline_at: Some(at(70)),
        ..rollout("web", 1)
    };
    let over = Rollout {
        finished_at: Some(at(20)),
        ..Rollout {
            id: "api-1".into(),
            application: "api".into(),
            ..running.clone()
        }
    };
    let step = NewStep::new(
        at(30),
        StepKind::Progress,
        "Deployment shop/web: 0 of 1 ready",
    );
    let writes = [
        Write::Step(step.rollout(&running)),
        Write::Rollout(Box::new(running)),
        Write::Rollout(Box::new(over)),
    ];
    history.commit(&writes).await.unwrap();
    let deadline = async |id: &str| {
        let rollout = history.reader().rollout(id).await.unwrap().unwrap();
        rollout.deadline_at.unwrap()
    };
    // It was away from 30 to 100, and then from 100 to 105: no second is given twice.
    assert_eq!(history.resume(at(100)).await.unwrap(), 1);
    assert_eq!(deadline("web-1").await, at(140));
    assert_eq!(history.resume(at(105)).await.unwrap(), 1);
    assert_eq!(deadline("web-1").await, at(145));
    assert_eq!(history.resume(at(105)).await.unwrap(), 0);
    assert_eq!(deadline("api-1").await, at(70));
    let detail = history.reader().rollout_detail("web-1").await;
    let steps = detail.unwrap().unwrap().steps;
    let told: Vec<&str> = steps.iter().skip(1).map(|step| &*step.text).collect();
    assert_eq!(
        told,
        [70, 5].map(|seconds| format!(
            "Kedge was started again; the {seconds} s since its last step are not counted \
             against its deadline"
        ))
    );
}
