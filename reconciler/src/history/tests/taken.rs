//! What a rollback took back, and who asked for what.

use super::*;

/// Commit `number` of the application, which reverts these.
fn one(number: i64, reverts: &[i64]) -> Rollout {
    let commit =
        |number: &i64| format!("This reverts commit {}.", rollout("web", *number).revision);
    let message: Vec<String> = reverts.iter().map(commit).collect();
    Rollout {
        rollback: engine::rollout::rollback(&message.join("\n")),
        ..rollout("web", number)
    }
}

async fn write(history: &History, rollout: &Rollout, phase: RolloutPhase) {
    let writes = [
        Write::Rollout(Box::new(rollout.clone())),
        Write::Over {
            rollout: rollout.id.clone(),
            phase,
            message: String::new(),
            changed: Some(true),
            at: at(100 + rollout.number),
        },
    ];
    history.commit(&writes).await.unwrap();
}

async fn taken(history: &History) -> Vec<(i64, Option<TakenBack>)> {
    let all = history.reader().rollouts(&RolloutQuery::default()).await;
    let all = all.unwrap().into_iter();
    all.map(|it| (it.number, it.taken_back)).collect()
}

#[tokio::test]
async fn what_was_rolled_back_names_the_rollout_that_did_it_as_long_as_that_stands() {
    let history = history().await;
    for number in [1, 2, 3] {
        write(&history, &one(number, &[]), RolloutPhase::Succeeded).await;
    }
    // One that fails takes nothing back.
    write(&history, &one(4, &[3]), RolloutPhase::Failed).await;
    assert!(taken(&history).await.iter().all(|(_, by)| by.is_none()));
    write(&history, &one(5, &[3, 2]), RolloutPhase::Succeeded).await;
    let by = |number: i64| {
        Some(TakenBack {
            rollout: format!("web-{number}"),
            at: at(100 + number),
        })
    };
    let known = [(5, None), (4, None), (3, by(5)), (2, by(5)), (1, None)];
    assert_eq!(taken(&history).await, known);
    // It was put back in.
    write(&history, &one(6, &[5]), RolloutPhase::Succeeded).await;
    let known = taken(&history).await;
    assert_eq!(known[1], (5, by(6)));
    assert!(known[2..].iter().all(|(_, by)| by.is_none()), "{known:?}");
    // And that was undone itself.
    let undone = Write::Undone {
        rollout: "web-6".into(),
        at: at(200),
    };
    history.commit(&[undone]).await.unwrap();
    assert_eq!(taken(&history).await[1], (5, None));
}

#[tokio::test]
async fn who_asked_by_hand_is_not_who_made_the_commit() {
    let history = history().await;
    let asked = Rollout {
        asked_by: Some(Person::new("Bea", "bea@example.org")),
        ..one(1, &[])
    };
    write(&history, &asked, RolloutPhase::Succeeded).await;
    write(&history, &one(2, &[]), RolloutPhase::Succeeded).await;
    let all = history.reader().rollouts(&RolloutQuery::default()).await;
    let all = all.unwrap();
    let by: Vec<(&str, &str)> = all
        .iter()
        .map(|it| (it.by().name.as_str(), it.author.name.as_str()))
        .collect();
    assert_eq!(by, [("Ann", "Ann"), ("Bea", "Ann")]);
    assert_eq!(all[1].asked_by, asked.asked_by);
}
