//! A machine on which all is well, and what is told when one thing is not.

mod certificates;
mod resources;

use jiff::SignedDuration;

use super::containers::PLUGINS;
use super::facts::{
    Bind, Certificate, Cgroups, Clock, Containerd, Disk, Facts, Holds, Instance, Kind, Node, Port,
    Program, Repository, Started,
};
use super::machine::{PROGRAMS, SETTINGS};
use super::{Finding, Level, judge};
use crate::up::Runtime;

const GIB: u64 = 1 << 30;
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn well() -> Facts {
    let now = "2026-11-21T10:00:00Z".parse().unwrap();
    let programs = PROGRAMS.iter().map(|(name, ..)| Program {
        name: (*name).to_owned(),
        path: format!("/usr/bin/{name}"),
        version: format!("{name} 99.1"),
    });
    Facts {
        now,
        is_root: true,
        containers: true,
        programs: programs.collect(),
        cgroups: Cgroups {
            unified: true,
            controllers: ["cpu", "memory", "pids", "io"].map(Into::into).to_vec(),
        },
        settings: SETTINGS
            .iter()
            .map(|(name, least, _)| ((*name).to_owned(), Some(least.to_string())))
            .collect(),
        overlay: true,
        plugins: PLUGINS
            .iter()
            .map(|name| ((*name).to_owned(), true))
            .collect(),
        nftables: Some(Ok(())),
        clock: Clock {
            synchronised: Some(true),
            ahead: vec![("https://127.0.0.1:6443/readyz".into(), 1)],
        },
        disks: vec![(
            "/srv".into(),
            Disk {
                size: 100 * GIB,
                free: 50 * GIB,
                inodes: 1_000_000,
                free_inodes: 900_000,
            },
        )],
        ports: Vec::new(),
        node_ports: Vec::new(),
        joined: false,
        data_dir: "/srv/kedge".into(),
        instance: Some(Instance {
            endpoints: Ok(vec![("web".into(), "http://127.0.0.1:8080".into())]),
            running: true,
            ready: vec![("http://127.0.0.1:8080/readyz".into(), Ok(()))],
            certificates: vec![Certificate {
                path: "/srv/kedge/pki/ca.crt".into(),
                kind: Kind::Authority,
                holds: Holds::Between(now - DAY, now + DAY * 365),
            }],
            postgres: Some(true),
            ranges: Some(Ok("10.146.0.0/16 for pods".into())),
            repositories: Some(Ok(Vec::new())),
            nodes: vec![Node {
                name: "node-1".into(),
                socket: "/srv/kedge/nodes/node-1/containerd/containerd.sock".into(),
                log: "/srv/kedge/nodes/node-1/containerd/containerd.log".into(),
                containerd: Ok(Containerd {
                    version: "containerd 1.7".into(),
                    not_ready: String::new(),
                }),
            }],
            open_files: Vec::new(),
        }),
    }
}

/// What is not well once `change` has happened.
fn after(change: impl FnOnce(&mut Facts)) -> Vec<Finding> {
    let mut facts = well();
    change(&mut facts);
    let mut findings = judge(&facts);
    findings.retain(|finding| finding.level != Level::Ok);
    findings
}

fn check(change: impl FnOnce(&mut Facts), expected: &[(&str, Level, &str)]) {
    let findings = after(change);
    let told: Vec<_> = findings.iter().map(|it| (it.check, it.level)).collect();
    let wanted: Vec<_> = expected
        .iter()
        .map(|(check, level, _)| (*check, *level))
        .collect();
    assert_eq!(told, wanted, "{findings:#?}");
    for (finding, (.., says)) in findings.iter().zip(expected) {
        let text = format!("{}: {}: {}", finding.place, finding.what, finding.advice);
        assert!(text.contains(says), "{says:?} is not in {text:?}");
        assert!(finding.level == Level::Unknown || !finding.advice.is_empty());
    }
}

fn program<'a>(facts: &'a mut Facts, name: &str) -> &'a mut Program {
    let mut programs = facts.programs.iter_mut();
    programs.find(|it| it.name == name).unwrap()
}

/// So many days from now, and from then.
fn between(from: i32, until: i32) -> Holds {
    let now = well().now;
    Holds::Between(now + DAY * from, now + DAY * until)
}

fn instance(facts: &mut Facts) -> &mut Instance {
    facts.instance.as_mut().unwrap()
}

#[test]
fn nothing_is_told_where_all_is_well() {
    check(|_| {}, &[]);
    check(|facts| facts.instance = None, &[]);
}

#[test]
fn what_the_machine_lacks_is_told_with_what_to_do() {
    use Level::{Broken, Unknown, Warning};
    let gone = |name: &'static str| move |facts: &mut Facts| program(facts, name).path.clear();
    check(
        gone("containerd"),
        &[("programs", Broken, "apt-get install containerd")],
    );
    check(gone("nft"), &[("programs", Broken, "nftables")]);
    check(
        |facts| program(facts, "git").version = "git version 2.20.1".into(),
        &[("programs", Broken, "2.32 or newer is needed")],
    );
    check(gone("ssh"), &[("programs", Warning, "openssh-client")]);
    check(
        |it| it.is_root = false,
        &[("rights", Broken, "--runtime simulated")],
    );
    check(
        |it| it.settings[1].1 = Some("8".into()),
        &[(
            "kernel",
            Warning,
            "sysctl -w fs.inotify.max_user_instances=128",
        )],
    );
    check(
        |it| it.settings[0].1 = None,
        &[("kernel", Unknown, "cannot be read")],
    );
    check(
        |it| it.nftables = Some(Err("Operation not supported".into())),
        &[("nftables", Broken, "nf_tables")],
    );
}

#[test]
fn what_containers_lack_is_told_with_what_to_do() {
    use Level::{Broken, Warning};
    check(
        |it| it.overlay = false,
        &[("containers", Warning, "modprobe overlay")],
    );
    check(
        |it| it.plugins[3].1 = false,
        &[("containers", Broken, "portmap: pods get no network")],
    );
    check(
        |it| instance(it).ranges = Some(Err("10.146.0.0/16 is routed to kp1 as well".into())),
        &[("networks", Broken, "routed to kp1")],
    );
    check(
        |it| instance(it).nodes[0].containerd = Err("Connection refused".into()),
        &[("containerd", Broken, "containerd.log says why")],
    );
    let not_ready = |facts: &mut Facts| {
        instance(facts).nodes[0].containerd = Ok(Containerd {
            version: "containerd 1.7".into(),
            not_ready: "cni plugin not initialized".into(),
        });
    };
    check(
        not_ready,
        &[("containerd", Broken, "not ready: cni plugin")],
    );
}

#[test]
fn an_instance_says_whether_it_runs_containers() {
    let check = |wanted: Option<Runtime>, text: &str, expected: bool| {
        let started: Started = serde_json::from_str(text).unwrap();
        assert_eq!(started.has_containers(wanted), expected, "{text}");
    };
    check(None, "{}", true);
    check(None, r#"{"runtime": "containerd", "webTls": null}"#, true);
    check(None, r#"{"runtime": "simulated"}"#, false);
    check(
        Some(Runtime::Containerd),
        r#"{"runtime": "simulated"}"#,
        true,
    );
    check(Some(Runtime::Simulated), "{}", false);
}

#[test]
fn without_containers_less_is_needed() {
    let simulated = |facts: &mut Facts| {
        facts.overlay = false;
        facts.plugins.clear();
        facts.containers = false;
        facts.is_root = false;
        facts.cgroups = Cgroups::default();
        facts.nftables = None;
    };
    check(simulated, &[]);
}

#[test]
fn what_is_wrong_with_the_instance_is_told() {
    use Level::{Broken, Warning};
    let taken = |facts: &mut Facts| {
        facts.instance = None;
        facts.ports = vec![Port {
            address: "127.0.0.1:8080".into(),
            flag: "--web-listen",
            bind: Bind::Taken("nginx (process 42)".into()),
        }];
    };
    check(taken, &[("ports", Broken, "nginx (process 42)")]);
    let bind = |bind: Bind| {
        move |facts: &mut Facts| {
            taken(facts);
            facts.ports[0].bind = bind;
        }
    };
    check(
        bind(Bind::Forbidden),
        &[("ports", Broken, "above 1023, or as root")],
    );
    check(
        bind(Bind::Elsewhere),
        &[("ports", Broken, "no address of this machine")],
    );
    let failed = Bind::Failed("too many open files".into());
    check(bind(failed), &[("ports", Broken, "too many open files")]);
    check(
        |it| it.node_ports = vec![(30_080, "nginx (process 42)".into())],
        &[("ports", Warning, "listens on 30080")],
    );
    check(
        |it| instance(it).endpoints = Err("expected value".into()),
        &[("instance", Broken, "endpoints.json")],
    );
    check(
        |it| {
            instance(it).running = false;
            instance(it).postgres = Some(false);
        },
        &[("instance", Warning, "kedge up")],
    );
    check(
        |it| instance(it).postgres = Some(false),
        &[("postgresql", Broken, "logs")],
    );
    check(
        |it| instance(it).ready[0].1 = Err("503 Service Unavailable".into()),
        &[("instance", Broken, "503")],
    );
    check(
        |it| {
            instance(it)
                .open_files
                .push("/srv/kedge/admin-token".into());
        },
        &[("secrets", Broken, "chmod 600 /srv/kedge/admin-token")],
    );
}

#[test]
fn what_is_followed_is_looked_at() {
    let repository = |name: &str, url: &str, error: &str| Repository {
        name: name.into(),
        url: url.into(),
        error: error.into(),
        applications: vec!["web".into()],
    };
    let followed = |answer: Result<Vec<Repository>, String>| {
        move |facts: &mut Facts| instance(facts).repositories = Some(answer)
    };
    let elsewhere = "https://git.example.org/shop.git";
    let well = vec![
        repository("cluster", "", ""),
        repository("shop", elsewhere, ""),
    ];
    check(followed(Ok(well)), &[]);
    let away = "cannot open the repository in /srv/kedge/git/cluster.git: it is not there";
    let away = vec![
        repository("cluster", "", away),
        repository("shop", elsewhere, "the host does not answer"),
    ];
    let says = [
        (
            "repositories",
            Level::Broken,
            "cluster.git: it is not there: bring it back",
        ),
        (
            "repositories",
            Level::Broken,
            "the host does not answer: see that its address",
        ),
    ];
    check(followed(Ok(away)), &says);
    let silent = followed(Err("no answer within 5 s".into()));
    check(
        silent,
        &[("repositories", Level::Unknown, "no answer within 5 s")],
    );
}

#[test]
fn a_machine_that_joined_is_told_what_is_its_own() {
    let joined = |change: &dyn Fn(&mut Facts), expected: &[(&str, Level, &str)]| {
        let joins = |facts: &mut Facts| {
            facts.joined = true;
            let joined = instance(facts);
            joined.endpoints = Ok(vec![("api".into(), "https://10.146.1.1:6443".into())]);
            joined.ready = vec![("https://10.146.1.1:6443/readyz".into(), Ok(()))];
            joined.certificates[0].kind = Kind::Joined;
            joined.postgres = None;
            change(facts);
        };
        check(joins, expected);
    };
    joined(&|facts| program(facts, "postgres").path.clear(), &[]);
    joined(
        &|facts| instance(facts).running = false,
        &[("instance", Level::Warning, "kedge node join goes on")],
    );
    joined(
        &|facts| instance(facts).ready[0].1 = Err("no route".into()),
        &[("instance", Level::Broken, "on another machine")],
    );
    joined(
        &|facts| instance(facts).certificates[0].holds = between(-10, 0),
        &[(
            "certificates",
            Level::Broken,
            "kedge node add with the same name",
        )],
    );
}
