//! What the map draws, and where.

use serde_json::json;

use super::*;

fn node(name: &str, capacity: &str, allocatable: &str) -> Object {
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
        "status": {"capacity": {"memory": capacity, "cpu": "4"}, "allocatable": {"memory": allocatable, "cpu": "4"}}})
    .into()
}

fn pod(name: &str, node: &str, memory: &str, phase: &str) -> Object {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"nodeName": node, "containers": [{"resources": {"requests": {"memory": memory, "cpu": "500m"}}}],
            "initContainers": [{"resources": {"requests": {"memory": "1Mi"}}}]},
        "status": {"phase": phase}})
    .into()
}

/// Where each block is, how wide, and what it says.
fn drawn(row: &Row) -> Vec<String> {
    let blocks = row.blocks.iter();
    blocks
        .map(|block| {
            format!(
                "{} {} {} {}",
                block.x, block.width, block.class, block.title
            )
        })
        .collect()
}

#[test]
fn one_block_per_application_and_one_scale() {
    let nodes = [node("a", "16Gi", "14Gi"), node("b", "8Gi", "8Gi")];
    let pods = [
        pod("web-1", "a", "2Gi", "Running"),
        pod("web-2", "a", "2Gi", "Running"),
        pod("done", "a", "8Gi", "Succeeded"),
        pod("bare", "a", "6Gi", "Running"),
        pod("reports", "a", "512Mi", "Pending"),
    ];
    let owners = ["web", "web", "web", "", "reports"].map(str::to_owned);
    let placed: Vec<Placed> = pods.iter().zip(owners).collect();
    let waiting = pod("late", "", "4Gi", "Pending");
    let wanted = Wanted {
        mark: "web".into(),
        ..Wanted::default()
    };
    let map = map(&[&nodes[0], &nodes[1]], &placed, &[&waiting], &wanted);
    assert_eq!(
        drawn(&map.rows[0]),
        [
            "0.00% 12.50% sys system, 2 GiB",
            "12.50% 25.00% sel web, 4 GiB",
            "37.50% 3.12%  reports, 512 MiB",
            "40.62% 37.50%  other pods, 6 GiB",
        ]
    );
    assert_eq!(
        (map.rows[0].free.as_str(), map.rows[0].note.as_str()),
        ("3.5 GiB", "75 %")
    );
    assert_eq!(
        (map.rows[1].width.as_str(), map.rows[1].free.as_str()),
        ("50.00%", "8 GiB")
    );
    assert_eq!(map.waiting[0].width, "25.00%");
    let marks: Vec<&str> = map.marks.iter().map(|(name, _, _)| name.as_str()).collect();
    assert_eq!(marks, ["web", "reports", "None"]);
    assert_eq!(map.marks[0].1, "?by=memory&mark=web#map");
}

#[test]
fn what_fits_on_no_page_says_so_and_many_are_one_block() {
    let node = node("a", "16Gi", "16Gi");
    let waiting = pod("huge", "", "640Gi", "Pending");
    let pods: Vec<Object> = (0..60)
        .map(|at| pod(&format!("p{at}"), "a", "160Mi", "Running"))
        .collect();
    let placed: Vec<Placed> = pods
        .iter()
        .enumerate()
        .map(|(at, pod)| (pod, format!("app-{at}")))
        .collect();
    let drawn = map(&[&node], &placed, &[&waiting], &Wanted::default());
    assert_eq!(drawn.waiting[0].width, "100.00%");
    assert_eq!(drawn.waiting[0].note, "wider than this page");
    assert_eq!(drawn.rows[0].width, "50.00%");
    assert_eq!(drawn.rows[0].blocks.len(), BLOCKS + 1);
    assert_eq!(drawn.rows[0].blocks[BLOCKS].title, "36 more, 5.6 GiB");
    let empty = map(&[], &[], &[&waiting], &Wanted::default());
    assert!(empty.rows.is_empty());
}

#[test]
fn what_is_too_thin_to_be_seen_is_one_block_and_not_drawn_wider() {
    let node = node("a", "32Gi", "32Gi");
    let pods = ["8Gi", "16Mi", "64Mi", "16Mi"];
    let pods = pods.iter().enumerate();
    let pods: Vec<Object> = pods
        .map(|(at, memory)| pod(&format!("p{at}"), "a", memory, "Running"))
        .collect();
    let owners = ["web", "api", "ui", "job"].map(str::to_owned);
    let placed: Vec<Placed> = pods.iter().zip(owners).collect();
    let waiting = pod("late", "", "64Mi", "Pending");
    let map = map(&[&node], &placed, &[&waiting], &Wanted::default());
    let blocks = [
        "0.00% 25.00%  web, 8 GiB",
        "25.00% 0.40%  ui, api, job, 96 MiB",
    ];
    assert_eq!(drawn(&map.rows[0]), blocks);
    let late = &map.waiting[0];
    let told = (late.width.as_str(), late.note.as_str());
    assert_eq!(told, ("0.40%", "thinner than this"));
}

#[test]
fn the_map_opens_on_what_is_scarcer() {
    let node = node("a", "16Gi", "16Gi");
    let pods = [
        pod("a", "a", "1Gi", "Running"),
        pod("b", "", "64Gi", "Pending"),
    ];
    let pods: Vec<&Object> = pods.iter().collect();
    // An eighth of the cores, a sixteenth of the memory; what has no node holds nothing.
    assert_eq!(By::tightest(&[&node], &pods), By::Cpu);
    assert_eq!(By::tightest(&[&node], &[]), By::Memory);
}
