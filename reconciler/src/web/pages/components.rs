//! `GET /_components`, in debug builds: every state of the small parts, and the large ones empty,
//! failing and full, made by the functions and templates of the pages. For eyes and checkers.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use serde_json::json;

use api::{Collection, Object};
use engine::plan::{self, Change, Plan};
use engine::rollout::{CommitId, SyncStatus};
use engine::why::{Chain, Step, Tone as Told};
use engine::{HealthStatus, diff::FieldChange};

use super::{Markup, html};
use crate::history::Reports;
use crate::usage::Used;
use crate::web::app::App;
use crate::web::view::component::{CommitChip, Icon, State as Shown, Tone};
use crate::web::view::frame::{Frame, Git, Section};
use crate::web::view::logs::{LogLine, parse};
use crate::web::view::time::When;
use crate::web::view::{apps, diff, events, node_map, objects, pending, pod, tape, why};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "components/page.html")]
struct Page {
    frame: Frame,
    states: Vec<(&'static str, Vec<Shown>)>,
    commits: [CommitChip; 2],
    /// Heading, and the part as its template writes it.
    parts: Vec<(&'static str, Markup)>,
    lines: Vec<LogLine>,
}

/// The page, where this is a debug build.
pub(in crate::web) fn routes() -> Router<Arc<App>> {
    if cfg!(debug_assertions) {
        Router::new().route("/_components", get(page))
    } else {
        Router::new()
    }
}

async fn page(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    let now = app.env.now();
    let commit = CommitId("7f3c2ab41d0c5be9".into());
    // As where Git cannot be reached: at the foot of the side bar, and above the content.
    let frame = Frame {
        git: Some(Git {
            branch: "main".into(),
            revision: "7f3c2ab".into(),
            fetched: Some(When::ago(now, now)),
            error: "connection refused by git.example.org:22".into(),
        }),
        ..visitor.bare_frame(&app)
    };
    html(&Page {
        frame: frame
            .page(Section::Elsewhere, "Components")
            .crumb("Components", ""),
        states: states(),
        commits: [
            CommitChip::new(&commit, "/commits/7f3c2ab41d0c"),
            CommitChip::new(&commit, ""),
        ],
        parts: quiet(now).into_iter().chain(told(now)).collect(),
        lines: LOG.lines().map(parse).collect(),
    })
}

const LOG: &str = "\
2026-03-01T14:11:31.204Z INFO serving 2.18.1 starting, 2 workers
2026-03-01T14:11:33.013Z WARN config: MODEL_URL is missing, trying discovery for 10 s
2026-03-01T14:11:43.410Z ERROR config: MODEL_URL is not set (expected an absolute URL)
2026-03-01T14:11:43.702Z exit 1";

fn states() -> Vec<(&'static str, Vec<Shown>)> {
    let health = [
        HealthStatus::Healthy,
        HealthStatus::Progressing,
        HealthStatus::Degraded,
        HealthStatus::Missing,
        HealthStatus::Suspended,
        HealthStatus::Unknown,
    ];
    let sync = [
        SyncStatus::Synced,
        SyncStatus::OutOfSync,
        SyncStatus::Unknown,
    ];
    let outcomes = [
        (Tone::Ok, "ok", "Converged"),
        (Tone::Run, "run", "Converging"),
        (Tone::Bad, "bad", "Failed"),
        (Tone::Hold, "back", "Rollback converged"),
        (Tone::Hold, "undone", "Converged, undone"),
        (Tone::Unknown, "unk", "Superseded"),
        (Tone::Warn, "hold", "Held"),
        (Tone::Unknown, "wait", "Waiting"),
    ];
    vec![
        ("Health", health.map(Shown::health).to_vec()),
        ("Git and cluster", sync.map(Shown::sync).to_vec()),
        (
            "Rollouts",
            outcomes
                .map(|(tone, icon, word)| Shown::new(tone, icon, word))
                .to_vec(),
        ),
    ]
}

fn made(template: &impl Template) -> Markup {
    Markup(template.render().unwrap_or_default())
}

/// What a page says where there is nothing, or where something of it cannot be read.
fn quiet(now: Timestamp) -> Vec<(&'static str, Markup)> {
    let (sides, query) = (("All applications", "24 hours"), apps::Query::default());
    let clone = "http://127.0.0.1:8080/git/cluster.git";
    let error = "The objects cannot be read: the API server answered 503.";
    let well = apps::Attention {
        heading: "",
        items: Vec::new(),
        more: 0,
        total: 12,
        all_well: "All 12 applications match Git".into(),
    };
    vec![
        (
            "Nothing happened for a day",
            made(&tape::tape(&tape::Day::default(), now, sides, "/apps")),
        ),
        ("Nothing wrong", made(&well)),
        (
            "Empty",
            made(&apps::table(&[], &query, (clone, &Used::default()), now)),
        ),
        (
            "Error of one part",
            made(&objects::tree_error("shop", error.into())),
        ),
    ]
}

/// What explains, and what compares.
fn told(now: Timestamp) -> Vec<(&'static str, Markup)> {
    let there = Reports {
        kinds: vec![("Pod".into(), 12)],
        reasons: vec![("BackOff".into(), 7), ("Scheduled".into(), 5)],
        severities: vec![("Warning".into(), 7), ("Normal".into(), 5)],
        ..Reports::default()
    };
    let asked = events::Query {
        kind: "pod".into(),
        ..events::Query::default()
    };
    let query = diff::Query::default();
    let wants = query.wants().unwrap_or_default();
    let compared = diff::Compared {
        plan: &plan(),
        sides: &plan::Sides::default(),
        left: "Live".into(),
        right: "Git, as the server would store it".into(),
        is_plan: true,
        drifts: &[],
        now,
    };
    let compared = diff::of_plan(&compared, &query, wants);
    vec![
        ("Filters", made(&events::filters(&there, &asked))),
        ("Events of a pod", made(&pod::events(&[event()], now))),
        ("Who holds the nodes", made(&holders())),
        ("Why a pod has no node", made(&waits())),
        ("Why it is broken", made(&why::card(&chain()))),
        ("A comparison", made(&compared)),
    ]
}

fn event() -> Object {
    json!({"kind": "Event", "type": "Warning", "reason": "BackOff", "count": 14,
        "message": "Back-off restarting failed container api", "lastTimestamp": "2026-03-01T14:12:20Z",
        "involvedObject": {"kind": "Pod", "name": "web-1", "namespace": "shop"}})
    .into()
}

fn pod(name: &str, node: &str, memory: &str) -> Object {
    json!({"kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"nodeName": node, "containers": [{"resources": {"requests": {"memory": memory}}}]}})
    .into()
}

fn holders() -> node_map::Map {
    let node = |name: &str, cordoned: bool| -> Object {
        json!({"kind": "Node", "metadata": {"name": name}, "spec": {"unschedulable": cordoned},
            "status": {"capacity": {"memory": "16Gi"}, "allocatable": {"memory": "15Gi"}}})
        .into()
    };
    let (nodes, waiting) = (
        [node("north-a", false), node("north-b", true)],
        pod("reports-0", "", "8Gi"),
    );
    let pods = [
        pod("a", "north-a", "6Gi"),
        pod("b", "north-a", "5Gi"),
        pod("c", "north-b", "2Gi"),
        pod("d", "north-b", "1Gi"),
    ];
    let owners = ["search", "checkout", "checkout", ""].map(str::to_owned);
    let placed: Vec<node_map::Placed> = pods.iter().zip(owners).collect();
    let wanted = node_map::Wanted {
        mark: "checkout".into(),
        ..node_map::Wanted::default()
    };
    node_map::map(&[&nodes[0], &nodes[1]], &placed, &[&waiting], &wanted)
}

fn waits() -> pending::Cards {
    let row = |node: &str, fits: bool, text: &str| {
        (
            node.to_owned(),
            vec![(fits, text.to_owned()), (true, "fits".into())],
        )
    };
    pending::Cards {
        pods: vec![pending::Card {
            namespace: "shop".into(),
            name: "reports-0".into(),
            waits: "18 m 04 s".into(),
            obstacle: String::new(),
            filters: vec!["memory 8Gi".into(), "cpu 500m".into()],
            nodes: vec![
                row("north-a", false, "4Gi free"),
                row("north-b", false, "cordoned"),
            ],
            fixes: vec![pending::Fix {
                change: "Uncordon north-b".into(),
                effect: "It takes new pods again.".into(),
                fits_on: "north-b".into(),
                by_hand: "kubectl uncordon north-b".into(),
            }],
            unfit: "",
            tried: 9,
        }],
        more: 1,
    }
}

fn chain() -> Chain {
    let step = |tone: Told, heading: &str, source: &str| Step {
        tone,
        heading: heading.into(),
        source: source.into(),
        ..Step::default()
    };
    Chain {
        steps: vec![
            step(Told::Bad, "Pod shop/web-1 is degraded", "pod status"),
            step(
                Told::Bad,
                "Container api exited with code 1 after 13 s",
                "kubelet",
            ),
            step(
                Told::Warn,
                "MODEL_URL is empty because the key it names does not exist",
                "configmap",
            ),
        ],
        missing: "Git cannot be read".into(),
        advice: "Name the key as it is: model_url.".into(),
        ..Chain::default()
    }
}

fn plan() -> Plan {
    let change = |path: &str, old: serde_json::Value, new: serde_json::Value| FieldChange {
        path: path.into(),
        old: Some(old),
        new: Some(new),
    };
    let step = plan::Step {
        key: Collection::new("apps", "deployments").key("shop", "web"),
        kind: "Deployment".into(),
        origin: engine::Origin {
            file: "shop/web.yaml".into(),
            line: 7,
        },
        object: json!({"kind": "Deployment"}).into(),
        change: Change::Update(vec![
            change("spec.replicas", json!(3), json!(4)),
            change(
                "spec.template.spec.containers[web].image",
                json!("shop/web:2.18.0"),
                json!("shop/web:2.18.1"),
            ),
        ]),
    };
    Plan {
        waves: vec![plan::Wave {
            stage: 0,
            number: engine::WaveNumber::default(),
            steps: vec![step],
        }],
        ..Plan::default()
    }
}
