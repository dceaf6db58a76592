//! The instance of a data directory.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use super::facts::{Bind, Certificate, Facts, Holds, Instance, Kind};
use super::judge::{Finding, Level};

/// Where Services are given ports of their nodes, as in Kubernetes.
pub(super) const NODE_PORTS: RangeInclusive<u16> = 30_000..=32_767;
const AUTHORITY: &str = "kedge down, move the directory pki away, kedge up: authority, certificates and \
                         kubeconfigs are made anew; copies of the old kubeconfig end with it";
const RENEWED: &str = "kedge down, then kedge up: it is renewed with its key, and what it issued stays good; \
                       copies of the kubeconfig name the old one, so make them anew";
const GIVEN: &str = "put one that holds, with its key, where --web-tls-cert and --web-tls-key name them: it is read again";
const JOINED: &str = "it is renewed by itself while the node runs and reaches the instance; otherwise kedge \
                      node add with the same name, on the machine of the instance, writes a new file: kedge \
                      down, then kedge node join with it";
/// A certificate that ends this soon is worth a word.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

fn running(facts: &Facts) -> bool {
    facts.instance.as_ref().is_some_and(|it| it.running)
}

pub(super) fn ports(facts: &Facts) -> Vec<Finding> {
    if running(facts) {
        return Vec::new();
    }
    let judged = facts.ports.iter().map(|port| {
        let other = format!("start Kedge with {} on another one", port.flag);
        let (what, advice) = match &port.bind {
            Bind::Free => return Finding::ok("ports", &port.address, "is free"),
            Bind::Taken(by) if by.is_empty() => {
                ("is taken".into(), format!("end that, or {other}"))
            }
            Bind::Taken(by) => (format!("is taken by {by}"), format!("end that, or {other}")),
            Bind::Forbidden => (
                "may not be listened at by this user".into(),
                format!("{other}, above 1023, or as root"),
            ),
            Bind::Elsewhere => ("is no address of this machine".into(), other),
            Bind::Failed(why) => (format!("cannot be listened at: {why}"), other),
        };
        Finding::new("ports", Level::Broken, &port.address, what).advice(advice)
    });
    judged.collect()
}

/// Services take what is sent to their node ports before anybody who listens there has it.
pub(super) fn node_ports(facts: &Facts) -> Vec<Finding> {
    if !facts.containers {
        return Vec::new();
    }
    let range = format!("{}-{}", NODE_PORTS.start(), NODE_PORTS.end());
    if facts.node_ports.is_empty() {
        return vec![Finding::ok(
            "ports",
            &range,
            "nobody listens on a node port",
        )];
    }
    let found = facts.node_ports.iter().map(|(port, by)| {
        let by = if by.is_empty() { "somebody" } else { by };
        let what = format!("{by} listens on {port}, which a Service may be given as its node port");
        Finding::new("ports", Level::Warning, &range, what)
            .advice("have it listen elsewhere, or see that no Service asks for this port")
    });
    found.collect()
}

pub(super) fn endpoints(facts: &Facts) -> Vec<Finding> {
    let Some(instance) = &facts.instance else {
        let what = "there is no instance";
        return vec![Finding::ok("instance", &facts.data_dir, what).advice("kedge up starts one")];
    };
    let (name, again, anew) = if facts.joined {
        ("join.json", "kedge node join goes on where it was", JOINED)
    } else {
        let anew = "kedge down, then kedge up: it is written anew";
        ("endpoints.json", "kedge up goes on where it was", anew)
    };
    let file = format!("{}/{name}", facts.data_dir);
    let mut findings = match &instance.endpoints {
        Err(why) => vec![
            Finding::new(
                "instance",
                Level::Broken,
                &file,
                format!("cannot be read: {why}"),
            )
            .advice(anew),
        ],
        Ok(_) => vec![state(instance, &file, again)],
    };
    findings.extend(postgres(instance, &facts.data_dir));
    if instance.running {
        findings.extend(instance.ready.iter().map(|(address, answer)| {
            match answer {
                Ok(()) => Finding::ok("instance", address, "is ready"),
                Err(why) => Finding::new(
                    "instance",
                    Level::Broken,
                    address,
                    format!("is not ready: {why}"),
                )
                .advice(if facts.joined {
                    "it is on another machine: see that it runs, and that this one may connect; \
                     docs/machines.md"
                        .to_owned()
                } else {
                    format!("look into {}/logs", facts.data_dir)
                }),
            }
        }));
    }
    findings
}

fn state(instance: &Instance, file: &str, again: &str) -> Finding {
    if instance.running {
        return Finding::ok("instance", file, "is up");
    }
    Finding::new("instance", Level::Warning, file, "is not running").advice(again)
}

fn postgres(instance: &Instance, data_dir: &str) -> Option<Finding> {
    let place = format!("{data_dir}/postgres");
    match (instance.postgres?, instance.running) {
        (true, _) => Some(Finding::ok("postgresql", &place, "the embedded one runs")),
        (false, false) => Some(Finding::ok(
            "postgresql",
            &place,
            "the embedded one is stopped, as the instance is",
        )),
        (false, true) => Some(
            Finding::new(
                "postgresql",
                Level::Broken,
                &place,
                "the embedded one does not run, though the instance does",
            )
            .advice(format!(
                "look into {data_dir}/logs; kedge up starts it again"
            )),
        ),
    }
}

pub(super) fn certificates(facts: &Facts) -> Vec<Finding> {
    let all = facts.instance.iter().flat_map(|it| &it.certificates);
    all.map(|certificate| certificate_of(certificate, facts.now))
        .collect()
}

fn certificate_of(certificate: &Certificate, now: Timestamp) -> Finding {
    let (path, kind) = (&certificate.path, certificate.kind);
    let told = |level, what: String| Finding::new("certificates", level, path, what);
    let (from, until) = match &certificate.holds {
        Holds::Between(from, until) => (*from, *until),
        Holds::Never(why) => {
            let what = format!("cannot be used: {why}");
            return told(Level::Broken, what).advice(match kind {
                Kind::Leaf => "kedge down, delete this file, kedge up: it is made anew",
                _ => anew(kind),
            });
        }
        Holds::Hidden => {
            let what = "cannot be read by this user".to_owned();
            return told(Level::Unknown, what).advice("run kedge doctor as root");
        }
    };
    let day = until.strftime("%Y-%m-%d");
    if now < from {
        let what = format!("holds only from {} on", from.strftime("%Y-%m-%d %H:%M UTC"));
        return told(Level::Broken, what).advice(format!(
            "set this machine's clock right, if it is behind: it says {}; if it is right, {}",
            now.strftime("%Y-%m-%d %H:%M UTC"),
            anew(kind)
        ));
    }
    if until <= now {
        return told(Level::Broken, format!("ended on {day}")).advice(match kind {
            Kind::Authority => RENEWED,
            _ => anew(kind),
        });
    }
    if until < now + SOON {
        return told(Level::Warning, format!("ends on {day}")).advice(match kind {
            Kind::Leaf => "kedge down, then kedge up renews it",
            Kind::Authority => RENEWED,
            _ => anew(kind),
        });
    }
    Finding::ok("certificates", path, format!("holds until {day}"))
}

/// How there is one that holds.
fn anew(kind: Kind) -> &'static str {
    match kind {
        Kind::Leaf => "kedge down, then kedge up: it is made anew",
        Kind::Authority => AUTHORITY,
        Kind::Copy => "kedge down, then kedge up: it is written again from ca.pem",
        Kind::Given => GIVEN,
        Kind::Joined => JOINED,
    }
}

/// Keys and tokens are for their owner alone.
pub(super) fn files(facts: &Facts) -> Vec<Finding> {
    let open = facts.instance.iter().flat_map(|it| &it.open_files);
    open.map(|path| {
        Finding::new(
            "secrets",
            Level::Broken,
            path,
            "others than its owner may read it",
        )
        .advice(format!("chmod 600 {path}"))
    })
    .collect()
}
