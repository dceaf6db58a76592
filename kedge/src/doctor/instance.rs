//! The instance of a data directory.

use jiff::{SignedDuration, Timestamp};

use super::facts::{Certificate, Facts, Instance};
use super::judge::{Finding, Level};

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
        if !port.taken {
            return Finding::ok("ports", &port.address, "is free");
        }
        let by = match port.by.as_str() {
            "" => String::new(),
            by => format!(" by {by}"),
        };
        let what = format!("is taken{by}");
        let advice = format!("end that, or start Kedge with {} on another one", port.flag);
        Finding::new("ports", Level::Broken, &port.address, what).advice(advice)
    });
    judged.collect()
}

pub(super) fn endpoints(facts: &Facts) -> Vec<Finding> {
    let Some(instance) = &facts.instance else {
        let what = "there is no instance";
        return vec![Finding::ok("instance", &facts.data_dir, what).advice("kedge up starts one")];
    };
    let file = format!("{}/endpoints.json", facts.data_dir);
    let mut findings = match &instance.endpoints {
        Err(why) => vec![
            Finding::new(
                "instance",
                Level::Broken,
                &file,
                format!("cannot be read: {why}"),
            )
            .advice("kedge down, then kedge up: it is written anew"),
        ],
        Ok(_) => vec![state(instance, &file)],
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
                .advice(format!("look into {}/logs", facts.data_dir)),
            }
        }));
    }
    findings
}

fn state(instance: &Instance, file: &str) -> Finding {
    if instance.running {
        return Finding::ok("instance", file, "is up");
    }
    Finding::new("instance", Level::Warning, file, "is not running")
        .advice("kedge up goes on where it was")
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
    let path = &certificate.path;
    let until = match &certificate.until {
        Ok(until) => *until,
        Err(why) => {
            let what = format!("cannot be read: {why}");
            return Finding::new("certificates", Level::Broken, path, what)
                .advice("kedge down, delete this file, kedge up: it is made anew");
        }
    };
    let day = until.strftime("%Y-%m-%d");
    if until <= now {
        return Finding::new(
            "certificates",
            Level::Broken,
            path,
            format!("ended on {day}"),
        )
        .advice("kedge down, then kedge up: leaf certificates are made anew");
    }
    if until < now + SOON {
        return Finding::new(
            "certificates",
            Level::Warning,
            path,
            format!("ends on {day}"),
        )
        .advice("kedge down, then kedge up renews it");
    }
    Finding::ok("certificates", path, format!("holds until {day}"))
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
