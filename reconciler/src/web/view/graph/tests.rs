//! Pictures of forests that are too large for one.

use api::Collection;
use engine::{Health, HealthStatus};

use super::super::component::Tone;
use super::super::tree::Node;
use super::*;

fn node(kind: &str, name: &str, health: Option<Health>, children: Vec<Node>) -> Node {
    Node {
        key: Collection::new("", "things").key("shop", name),
        kind: kind.into(),
        home: "shop".into(),
        health,
        meta: String::new(),
        warning: String::new(),
        waits_for: None,
        children,
    }
}

#[test]
fn a_picture_never_has_more_than_forty_boxes_and_keeps_what_is_broken() {
    let check = |deployments: usize, broken: usize, plain: usize| {
        let mut forest: Vec<Node> = (0..deployments)
            .map(|number| {
                let health = if number < broken {
                    Health::degraded("broken")
                } else {
                    Health::healthy()
                };
                let pods = (0..50)
                    .map(|pod| node("Pod", &format!("p{pod}"), Some(Health::healthy()), vec![]))
                    .collect();
                node("Deployment", &format!("d{number}"), Some(health), pods)
            })
            .collect();
        let maps = (0..plain).map(|number| node("ConfigMap", &format!("c{number}"), None, vec![]));
        forest.extend(maps);
        let graph = super::graph("web", Tone::Ok, "ok", &forest);
        assert!(graph.nodes.len() <= 40, "{} boxes", graph.nodes.len());
        let bad = graph
            .nodes
            .iter()
            .filter(|node| node.class == "bad" && node.kind == "Deployment")
            .count();
        assert_eq!(bad, broken.min(19), "of {deployments}");
        let all = deployments * 51 + plain;
        assert_eq!(list(&forest, Only::All).len(), all);
    };
    check(0, 0, 0);
    check(3, 1, 900);
    check(200, 0, 0);
    check(200, 5, 40);
    check(200, 200, 0);
}

#[test]
fn what_is_folded_under_one_owner_leads_to_that_owner_in_the_list() {
    let ill = |number: usize| {
        node(
            "Pod",
            &format!("p{number}"),
            Some(Health::degraded("x")),
            vec![],
        )
    };
    let owner = node(
        "Job",
        "index",
        Some(Health::healthy()),
        (0..60).map(ill).collect(),
    );
    let forest = vec![owner];
    let graph = super::graph("web", Tone::Ok, "ok", &forest);
    let fold = graph.nodes.iter().find(|it| it.kind.ends_with(" more"));
    let href = &fold.unwrap().href;
    let rows = list(&forest, Only::All);
    let row = rows.iter().find(|it| it.name == "index").unwrap();
    assert_eq!(*href, format!("/apps/web?view=list#{}", row.anchor));
    // Nothing leads to what owns nothing.
    let leaf = rows.iter().find(|it| it.name == "p0").unwrap();
    assert_eq!(leaf.anchor, "");
}

#[test]
fn boxes_do_not_overlap() {
    let pods = |count: usize| -> Vec<Node> {
        (0..count)
            .map(|pod| {
                node(
                    "Pod",
                    &format!("p{pod}"),
                    Some(Health::degraded("x")),
                    vec![],
                )
            })
            .collect()
    };
    let set = |name: &str, count| node("ReplicaSet", name, Some(Health::healthy()), pods(count));
    let forest = vec![
        node(
            "Deployment",
            "a",
            Some(Health::healthy()),
            vec![set("a-1", 2), set("a-2", 3)],
        ),
        node("Job", "b", Some(Health::healthy()), pods(2)),
        node("Service", "c", Some(Health::healthy()), vec![]),
    ];
    let graph = super::graph("web", Tone::Ok, "ok", &forest);
    for (index, one) in graph.nodes.iter().enumerate() {
        for two in &graph.nodes[index + 1..] {
            assert!(
                one.x != two.x || one.y.abs_diff(two.y) >= 50,
                "{one:?} {two:?}"
            );
        }
    }
    assert!(graph.nodes.iter().all(|node| node.y + 40 < graph.height));
}

/// Numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn health(&mut self, ill: usize) -> Health {
        match self.below(100) {
            at if at < ill => match at % 3 {
                0 => Health::degraded("crashes"),
                1 => Health::new(HealthStatus::Progressing, ""),
                _ => Health::missing(),
            },
            at if at % 2 == 0 => Health::healthy(),
            _ => Health::new(HealthStatus::Suspended, ""),
        }
    }
}

/// A forest of so many objects; of each hundred, so many are not well.
fn generated(chance: &mut Chance, mut count: usize, wide: usize, ill: usize) -> Vec<Node> {
    let kinds = [
        "Deployment",
        "StatefulSet",
        "Service",
        "ConfigMap",
        "CronJob",
    ];
    let mut forest = Vec::new();
    while count > 0 {
        count -= 1;
        let kind = kinds[chance.below(kinds.len())];
        let mut root = node(
            kind,
            &format!("thing-{count}"),
            Some(chance.health(ill)),
            vec![],
        );
        if kind == "ConfigMap" {
            root.health = None;
        } else {
            for _ in 0..chance.below(wide) {
                let set = (count > 0).then(|| chance.health(ill));
                let Some(health) = set else { break };
                count -= 1;
                let mut set = node(
                    "ReplicaSet, new",
                    &format!("set-{count}"),
                    Some(health),
                    vec![],
                );
                let pods = chance.below(wide).min(count);
                count -= pods;
                set.children = (0..pods)
                    .map(|pod| {
                        node(
                            "Pod",
                            &format!("set-{count}-{pod}"),
                            Some(chance.health(ill)),
                            vec![],
                        )
                    })
                    .collect();
                root.children.push(set);
            }
        }
        forest.push(root);
    }
    forest
}

fn ill(node: &Node) -> usize {
    let own = usize::from(!matches!(node.tone(), Tone::Ok | Tone::Hold));
    own + node.children.iter().map(ill).sum::<usize>()
}

#[test]
fn a_thousand_objects_fold_and_what_is_not_well_is_drawn_or_counted() {
    let mut chance = Chance(7);
    for (count, wide, share) in [
        (1_000, 2, 0),
        (1_000, 2, 3),
        (1_000, 2, 90),
        (1_000, 30, 1),
        (1_000, 30, 40),
        (1_000, 900, 5),
        (1_000, 900, 97),
        (41, 2, 50),
        (39, 1, 100),
        (1, 1, 100),
    ] {
        let forest = generated(&mut chance, count, wide, share);
        let picture = super::graph("shop", Tone::Ok, "ok", &forest);
        assert!(
            picture.nodes.len() <= BOXES,
            "{} boxes of {count}, {wide}, {share}",
            picture.nodes.len()
        );
        let is_fold = |node: &&Box| node.kind.ends_with(" more");
        let counted: usize = picture
            .nodes
            .iter()
            .filter(is_fold)
            .filter_map(|node| node.meta.strip_suffix(" not well")?.parse::<usize>().ok())
            .sum();
        let own = picture
            .nodes
            .iter()
            .filter(|node| node.kind != "Application" && !is_fold(node));
        let drawn = own
            .filter(|node| !["ok", "hold"].contains(&node.tone))
            .count();
        let there: usize = forest.iter().map(ill).sum();
        assert_eq!(
            drawn + counted,
            there,
            "{count}, {wide}, {share}: {drawn} drawn"
        );
        // Something that is not well is on the picture itself, if there is anything.
        assert!(there == 0 || drawn > 0, "{count}, {wide}, {share}");
        let rows = list(&forest, Only::Unhealthy);
        assert_eq!(rows.is_empty(), there == 0);
        for (index, one) in picture.nodes.iter().enumerate() {
            let after = &picture.nodes[index + 1..];
            let apart = |two: &Box| one.x != two.x || one.y.abs_diff(two.y) >= 40;
            assert!(after.iter().all(apart), "{one:?}");
        }
    }
}

#[test]
fn what_leads_nowhere_is_not_well_although_it_is_healthy() {
    let mut service = node("Service", "web", Some(Health::healthy()), Vec::new());
    assert!(service.is_well());
    service.warning = "No pod in namespace shop has the labels app=x".into();
    assert_eq!((service.tone(), service.icon()), (Tone::Warn, "warn"));
    assert!(!service.is_well());
    assert!(service.label().contains("has the labels app=x"));
}

#[test]
fn a_list_of_what_is_not_well_says_that_all_is_well() {
    use super::super::checks::tests::facts;
    use super::super::objects::{Wanted, tree};
    use askama::Template;

    let check = |forest: &[Node], says: &str| {
        let wanted = Wanted::parse("list", "unhealthy", "");
        let page = tree(&facts(), forest, wanted).render().unwrap();
        assert!(page.contains(says), "{says}: {page}");
    };
    let well = node("Deployment", "web", Some(Health::healthy()), vec![]);
    check(&[well], "All objects are well");
    check(&[], "No objects yet");
}
