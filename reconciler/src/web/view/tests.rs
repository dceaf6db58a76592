//! What the pages' own tests do not look at closely.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use api::{Collection, ObjectKey};
use engine::diff::FieldChange;
use engine::rollout::{CommitId, RolloutPhase};

use super::component::Tone;
use super::{commit, diff, history, tape, waves};
use crate::history::{Action, ObjectResult, Rollout, RolloutDetail, Trigger};
use crate::source::Person;

pub(super) fn now() -> Timestamp {
    "2026-03-01T14:13:28Z".parse().unwrap()
}

fn key(resource: &str, name: &str) -> ObjectKey {
    Collection::new("", resource).key("shop", name)
}

pub(in crate::web) fn rollout(phase: RolloutPhase, seconds_ago: i64) -> Rollout {
    Rollout {
        id: "web-1".into(),
        application: "web".into(),
        number: 1,
        push: None,
        revision: CommitId("a".repeat(40)),
        previous: CommitId::default(),
        author: Person::new("Ann", ""),
        commit_message: "web: new".into(),
        trigger: Trigger::Poll,
        rollback_of: String::new(),
        rollback: None,
        digest: String::new(),
        first_try: None,
        same_as_previous: false,
        phase,
        message: String::new(),
        changed: None,
        started_at: now() - SignedDuration::from_secs(seconds_ago),
        began_at: None,
        deadline_at: Some(now() + SignedDuration::from_secs(60)),
        finished_at: phase.is_final().then(now),
        undone_at: None,
        taken_back: None,
        asked_by: None,
        options: engine::rollout::Options::default(),
    }
}

#[test]
fn marks_that_stand_too_near_are_one() {
    let at = |seconds: i64, phase| rollout(phase, seconds);
    let rollouts = [
        at(10, RolloutPhase::Applying),
        at(40_000, RolloutPhase::Succeeded),
        at(40_200, RolloutPhase::Failed),
        at(80_000, RolloutPhase::Superseded),
        at(90_000, RolloutPhase::Failed),
    ];
    assert_eq!(
        tape::Shape::of(&at(1, RolloutPhase::Held)),
        tape::Shape::Held
    );
    let day = tape::Day {
        rollouts: Arc::new(rollouts.into_iter().map(Arc::new).collect()),
        drifts: Vec::new(),
    };
    let tape = tape::tape(&day, now(), ("", ""), "/apps");
    let told: Vec<(usize, tape::Shape)> = tape
        .marks
        .iter()
        .map(|mark| (mark.count, mark.shape))
        .collect();
    assert_eq!(
        told,
        [
            (1, tape::Shape::Dot),
            (2, tape::Shape::Failed),
            (1, tape::Shape::Running)
        ]
    );
    assert!(
        tape.marks[1]
            .label
            .starts_with("2 rollouts; web aaaaaaa failed")
    );
    let place = |mark: &tape::Mark| mark.x.trim_end_matches('%').parse::<f64>().unwrap();
    let places: Vec<f64> = tape.narrow.iter().map(place).collect();
    assert!(
        places.windows(2).all(|two| two[1] - two[0] >= 8.0),
        "a finger touches one mark of {places:?}"
    );
    assert_eq!(tape.ticks[0].1.text, "15:00");
}

fn result(action: Action, applied: i64, health: &str, changes: Vec<FieldChange>) -> ObjectResult {
    ObjectResult {
        changes,
        applied_at: (applied > 0).then(|| now() - SignedDuration::from_secs(applied)),
        health: health.into(),
        ..ObjectResult::new(key("secrets", "db"), "Secret", action)
    }
}

fn detail(phase: RolloutPhase, objects: Vec<ObjectResult>) -> RolloutDetail {
    RolloutDetail {
        rollout: rollout(phase, 100),
        objects,
        applies: Vec::new(),
        steps: Vec::new(),
    }
}

#[test]
fn waves_say_how_each_object_stands() {
    let check = |phase, action, applied, health: &str, tone: Tone, text: &str| {
        let detail = detail(phase, vec![result(action, applied, health, vec![])]);
        let waves = waves::waves(&detail, &super::rollout::Live::default(), now());
        let row = &waves.bands[0].rows[0];
        assert_eq!(
            (row.tone, row.text.as_str()),
            (tone, text),
            "{phase} {action:?}"
        );
        assert_eq!(waves.now.is_some(), !phase.is_final());
    };
    let (applying, failed) = (RolloutPhase::Applying, RolloutPhase::Failed);
    check(
        applying,
        Action::Create,
        0,
        "",
        Tone::Unknown,
        "waits for its wave",
    );
    check(
        applying,
        Action::Create,
        50,
        "Progressing",
        Tone::Run,
        "progressing",
    );
    check(
        applying,
        Action::Change,
        50,
        "Degraded",
        Tone::Bad,
        "degraded",
    );
    check(applying, Action::Change, 50, "Healthy", Tone::Ok, "applied");
    check(
        failed,
        Action::Change,
        50,
        "Progressing",
        Tone::Bad,
        "progressing",
    );
    check(failed, Action::Create, 0, "", Tone::Unknown, "not reached");
    check(
        applying,
        Action::Delete,
        0,
        "",
        Tone::Unknown,
        "after the last wave",
    );
    check(
        applying,
        Action::Unchanged,
        0,
        "Healthy",
        Tone::Ok,
        "already matched",
    );
}

fn change(path: &str, old: Value, new: Value) -> FieldChange {
    FieldChange {
        path: path.into(),
        old: (!old.is_null()).then_some(old),
        new: (!new.is_null()).then_some(new),
    }
}

/// What a rollout changed, as a page shows it.
fn shown(detail: &RolloutDetail, query: &diff::Query) -> diff::Objects {
    diff::of_rollout(detail, query, query.wants().unwrap())
}

#[test]
fn a_diff_marks_what_changed_inside_a_line() {
    let check = |old: &str, new: &str, left: &str, right: &str| {
        let mut object = result(
            Action::Change,
            0,
            "",
            vec![change("data.x", json!(old), json!(new))],
        );
        object.kind = "ConfigMap".into();
        let view = shown(
            &detail(RolloutPhase::Applying, vec![object]),
            &diff::Query::default(),
        );
        let row = &view.differing[0].blocks[0].rows[1];
        let shown = |cell: &Option<diff::Cell>| cell.as_ref().map(ToString::to_string);
        assert_eq!(shown(&row.old).as_deref(), Some(left));
        assert_eq!(shown(&row.new).as_deref(), Some(right));
    };
    check(
        "web:2.18.0",
        "web:2.18.1",
        "x: web:2.18.<del>0</del>",
        "x: web:2.18.<ins>1</ins>",
    );
    check(
        "payments-url",
        "payments_url",
        "x: payments<del>-</del>url",
        "x: payments<ins>_</ins>url",
    );
    check(
        "<a>",
        "<b>",
        "x: &lt;<del>a</del>&gt;",
        "x: &lt;<ins>b</ins>&gt;",
    );
    // Most of it is new: marks would be noise.
    check("seventeen", "different", "x: seventeen", "x: different");
}

#[test]
fn a_diff_shows_no_secret() {
    let changes = vec![
        change(
            "data.password",
            json!("aHVudGVyMg=="),
            json!("c3dvcmRmaXNo"),
        ),
        change("metadata.labels.tier", json!("a"), json!("b")),
        change(
            "metadata.annotations[kubectl.kubernetes.io/last-applied-configuration]",
            json!("aHVudGVyMg=="),
            Value::Null,
        ),
    ];
    let object = result(Action::Change, 0, "", changes);
    let detail = detail(RolloutPhase::Applying, vec![object]);
    let view = shown(&detail, &diff::Query::default());
    let text = askama::Template::render(&view).unwrap();
    assert!(
        !text.contains("aHVudGVyMg==") && !text.contains("c3dvcmRmaXNo"),
        "{text}"
    );
    assert!(text.contains("(hidden, sha256 "), "{text}");
}

#[test]
fn a_long_diff_is_cut_and_can_be_opened_alone() {
    let long: String = (0..1_000)
        .map(|number| format!("line {number}\n"))
        .collect();
    let mut object = result(
        Action::Change,
        0,
        "",
        vec![change("data.x", json!(""), json!(long))],
    );
    object.kind = "ConfigMap".into();
    let detail = detail(RolloutPhase::Applying, vec![object]);
    let view = shown(&detail, &diff::Query::default());
    assert_eq!(view.differing[0].blocks[0].rows.len(), 400);
    assert!(view.differing[0].hidden > 600);
    let anchor = view.differing[0].anchor.clone();
    assert_eq!(view.differing[0].alone, format!("?object={anchor}"));
    let alone = diff::Query {
        object: anchor,
        to: "v1.2".into(),
        view: "unified".into(),
        ..diff::Query::default()
    };
    // What was recorded are fields, of which there is no patch.
    assert_eq!(shown(&detail, &alone).differing[0].alone, "");
    assert_eq!(shown(&detail, &alone).differing[0].hidden, 0);
}

#[test]
fn a_commit_leads_to_what_came_to_the_cluster_after_it() {
    let id = |text: &str| CommitId(text.repeat(40));
    let went = |number: i64, from: &str, to: &str| Rollout {
        previous: id(from),
        revision: id(to),
        ..rollout(RolloutPhase::Succeeded, 100 - number)
    };
    let newest = [
        went(4, "b", "d"),
        went(3, "b", "c"),
        went(2, "b", "b"),
        went(1, "a", "b"),
    ];
    assert_eq!(commit::next(&id("b"), &newest), Some(id("c")));
    assert_eq!(commit::next(&id("d"), &newest), None);
}

fn rows(list: &history::List) -> impl Iterator<Item = &history::Row> {
    list.rows.iter().filter_map(|entry| match &entry.what {
        history::What::Rollout(row) => Some(row),
        history::What::Drift(_) => None,
    })
}

#[test]
fn going_back_is_undoing_what_came_next() {
    let numbered = |number: i64, phase| Rollout {
        id: format!("web-{number}"),
        number,
        previous: CommitId("b".repeat(40)),
        ..rollout(phase, 100 - number)
    };
    let (good, bad) = (RolloutPhase::Succeeded, RolloutPhase::Failed);
    let all = [
        numbered(5, RolloutPhase::Applying),
        numbered(4, bad),
        numbered(3, good),
        numbered(2, RolloutPhase::Superseded),
        numbered(1, good),
    ];
    let query = history::Query::default();
    let standing = history::Standing {
        newest: vec![all[0].clone()],
        serving: Some(all[2].clone()),
        ..history::Standing::default()
    };
    let check = |shown: &[Rollout], expected: &[&str]| {
        let scope = history::Scope::Application;
        let list = history::list(
            (shown, &[]),
            &standing,
            &query,
            "/",
            scope,
            &now().to_zoned(jiff::tz::TimeZone::UTC),
        );
        let back: Vec<&str> = rows(&list).map(|row| row.back.as_str()).collect();
        assert_eq!(back, expected);
    };
    let (four, two) = ("/apps/web/rollback?to=web-3", "/apps/web/rollback?to=web-1");
    check(&all, &["", "", four, "", two]);
    // Whatever else is on the page.
    check(&all[4..], &[two]);
    check(&[numbered(0, good)], &["/apps/web/rollback?to=web-0"]);
    let list = history::list(
        (&all, &[]),
        &standing,
        &query,
        "/",
        history::Scope::Application,
        &now().to_zoned(jiff::tz::TimeZone::UTC),
    );
    let serving: Vec<bool> = rows(&list).map(|row| row.serving).collect();
    assert_eq!(serving, [false, false, true, false, false]);
}

#[test]
fn nobody_goes_back_to_what_the_newest_asks_for_as_well() {
    let same = |number: i64, digest: &str| Rollout {
        id: format!("web-{number}"),
        number,
        digest: digest.into(),
        ..rollout(RolloutPhase::Succeeded, 100 - number)
    };
    let standing = history::Standing {
        newest: vec![same(9, "two replicas")],
        ..history::Standing::default()
    };
    let now = now().to_zoned(jiff::tz::TimeZone::UTC);
    let offered = |one: Rollout| {
        let query = history::Query::default();
        let scope = history::Scope::Application;
        let list = history::list((&[one], &[]), &standing, &query, "/", scope, &now);
        rows(&list).any(|row| !row.back.is_empty())
    };
    assert!(!offered(same(7, "two replicas")));
    assert!(offered(same(8, "three replicas")));
}
