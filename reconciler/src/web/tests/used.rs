//! What is used, on pages and for programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::sample::ago;
use super::*;
use crate::usage::{Amount, Point, Source, Used};

const POD: &str = "/pods/movies/serving-7d9f6c8b54-x2x7k";

fn amount(millis: i64, mebibytes: i64) -> Amount {
    Amount {
        cpu_nanos: millis * 1_000_000,
        memory_bytes: mebibytes << 20,
    }
}

impl Sample {
    /// What the cluster measured; of very many applications, of each.
    pub(super) fn measured(&self) -> Used {
        if self.unmeasured {
            return Used {
                source: Source::Absent,
                ..Used::default()
            };
        }
        let many = self.many_views();
        let mut names: Vec<&str> = many
            .iter()
            .map(|view| view.summary.application.name.as_str())
            .collect();
        if names.is_empty() {
            names.push("serving");
        }
        let day = |name: &&str| {
            let steps = (0..144_i64).map(|step| Point {
                at: ago((144 - step) * 600),
                amount: amount(
                    100 + step * 7 % 40 + i64::try_from(name.len()).unwrap_or(0),
                    300,
                ),
            });
            ((*name).to_owned(), Arc::new(steps.collect::<Vec<_>>()))
        };
        let containers = BTreeMap::from([("api".to_owned(), amount(200, 480))]);
        let pod = ("movies".to_owned(), "serving-7d9f6c8b54-x2x7k".to_owned());
        Used {
            source: Source::Answers,
            at: Some(ago(20)),
            nodes: BTreeMap::from([("north-a".to_owned(), amount(500, 2048))]),
            pods: BTreeMap::from([(pod, containers)]),
            applications: names
                .iter()
                .map(|name| ((*name).to_owned(), amount(134, 480)))
                .collect(),
            limits: BTreeMap::from([("serving".to_owned(), 500_000_000)]),
            days: names.iter().map(day).collect(),
        }
    }
}

#[tokio::test]
async fn pages_tell_what_is_used() {
    let site = Site::new(Sample::default()).await;
    let check = async |path: &str, parts: &[&str]| {
        let (status, page) = site.page(path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        for part in parts {
            assert!(page.contains(part), "{path}: {part} is not in\n{page}");
        }
    };
    check(
        "/apps",
        &[
            "CPU 24 h",
            "aria-label=\"CPU of 24 h: least 107m, most 146m, limit 500m, now 134m\"",
            "<path d=\"M0 20V",
            "stroke-dasharray",
        ],
    )
    .await;
    check("/apps/serving", &["Uses now", "134m CPU and 480 MiB"]).await;
    check(
        POD,
        &[
            "200m, 250m requested",
            "480 MiB, 512 MiB requested",
            "aria-label=\"200m used, 250m requested, no limit\"",
            "20 s ago",
        ],
    )
    .await;
    check("/nodes", &["0.50 used", "class=\"use\""]).await;
    check("/nodes/north-a", &["2 GiB used"]).await;
    // What is not measured is not told.
    let (_, other) = site.page("/nodes/north-b").await;
    assert!(
        !other.contains("class=\"use") && other.contains("requested"),
        "{other}"
    );
}

#[tokio::test]
async fn programs_get_the_figures() {
    let site = Site::new(Sample::default()).await;
    let (_, apps) = site.json("/apps").await;
    let of = |name: &str| {
        let items = apps["items"].as_array().unwrap();
        items.iter().find(|it| it["name"] == name).unwrap()["used"].clone()
    };
    assert_eq!(of("serving")["cpuNanos"], 134_000_000);
    assert!(of("ui").is_null());
    let (_, app) = site.json("/apps/serving").await;
    assert_eq!(app["used"]["memoryBytes"], 480 << 20);
    assert_eq!(app["day"].as_array().unwrap().len(), 144);
    let (_, pod) = site.json(POD).await;
    assert_eq!(pod["used"]["cpuNanos"], 200_000_000);
    let containers = pod["containers"].as_array().unwrap();
    let used = |name: &str| {
        let found = containers.iter().find(|it| it["name"] == name);
        found.unwrap()["used"].clone()
    };
    assert_eq!(used("api"), pod["used"]);
    let (_, nodes) = site.json("/nodes").await;
    assert_eq!(nodes["items"][0]["used"]["cpuNanos"], 500_000_000);
    assert!(nodes["items"][1]["used"].is_null());
    // Each figure says when it was measured.
    assert_eq!(pod["used"]["at"], ago(20).to_string());
    let (_, node) = site.json("/nodes/north-a").await;
    assert_eq!(node["used"], nodes["items"][0]["used"]);
    for amounts in ["capacity", "allocatable", "requested"] {
        assert_eq!(node[amounts], nodes["items"][0][amounts], "{amounts}");
    }
    assert_eq!(node["allocatable"]["milliCpu"], 2000);
}

#[tokio::test]
async fn a_cluster_that_measures_nothing_is_said_once() {
    let site = Site::new(Sample {
        unmeasured: true,
        ..Sample::default()
    })
    .await;
    let (status, apps) = site.page("/apps").await;
    assert_eq!(status, StatusCode::OK);
    assert!(!apps.contains("CPU of 24 h"), "{apps}");
    let (_, app) = site.page("/apps/serving").await;
    assert!(app.contains("nothing measures use here"), "{app}");
    let (_, pod) = site.page(POD).await;
    assert!(pod.contains("the cluster has no metrics.k8s.io"), "{pod}");
    // The rest of the page stands.
    assert!(pod.contains("id=\"log\"") && pod.contains("id=\"events\""));
}

#[tokio::test]
async fn pages_of_the_past_show_no_use() {
    let site = Site::new(Sample::default()).await;
    let at = "at=2026-03-01T14:10:00Z";
    let (status, pod) = site.page(&format!("{POD}?{at}")).await;
    assert_eq!(status, StatusCode::OK, "{pod}");
    assert!(pod.contains("What was used then is not kept."), "{pod}");
    let (_, apps) = site.page(&format!("/apps?{at}")).await;
    assert!(!apps.contains("CPU of 24 h"));
}
