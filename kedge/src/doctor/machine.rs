//! What the machine has to have.

use super::facts::{Disk, Facts};
use super::judge::{Finding, Level};
use super::versions;

/// Controllers that pods are limited with.
const CONTROLLERS: [&str; 4] = ["cpu", "memory", "pids", "io"];
/// Below this much nothing can be relied on.
const FEW_BYTES: u64 = 1 << 30;
const FEW_INODES: u64 = 10_000;
/// Below this share of the whole it is soon full.
const PERCENT: u64 = 10;
/// Programs, whether only containers need them, and the package they are in.
pub(super) const PROGRAMS: [(&str, bool, &str); 12] = [
    ("git", false, "git"),
    ("postgres", false, "postgresql"),
    ("containerd", true, "containerd"),
    ("runc", true, "runc"),
    ("nft", true, "nftables"),
    ("ip", true, "iproute2"),
    ("conntrack", true, "conntrack"),
    ("sysctl", true, "procps"),
    ("setpriv", false, "util-linux"),
    ("nsenter", true, "util-linux"),
    ("mount", true, "util-linux"),
    ("ssh", false, "openssh-client"),
];
/// What the machine of an instance needs, and one that joined it does not.
const OF_THE_INSTANCE: [&str; 3] = ["git", "postgres", "ssh"];
/// Settings of the kernel with the least that they should be, and why.
pub(super) const SETTINGS: [(&str, u64, &str); 5] = [
    (
        "net.ipv4.ip_forward",
        1,
        "pods reach each other and the world through it; `kedge agent` sets it",
    ),
    (
        "fs.inotify.max_user_instances",
        128,
        "each container that follows files takes some",
    ),
    (
        "fs.inotify.max_user_watches",
        8192,
        "each container that follows files takes some",
    ),
    (
        "kernel.pid_max",
        32_768,
        "every process of every pod counts",
    ),
    (
        "fs.file-max",
        65_536,
        "every connection and every file of every pod counts",
    ),
];

pub(super) fn rights(facts: &Facts) -> Vec<Finding> {
    vec![match (facts.is_root, facts.containers) {
        (true, _) => Finding::ok("rights", "this process", "runs as root"),
        (false, false) => Finding::ok(
            "rights",
            "this process",
            "is not root, and need not be: no containers run",
        ),
        (false, true) => {
            let what = "is not root, and real containers need root";
            Finding::new("rights", Level::Broken, "this process", what)
                .advice("run it as root, or use --runtime simulated")
        }
    }]
}

pub(super) fn programs(facts: &Facts) -> Vec<Finding> {
    let needed = |name: &str| !facts.joined || !OF_THE_INSTANCE.contains(&name);
    let programs = facts.programs.iter().filter(|it| needed(&it.name));
    let found = programs.map(|program| {
        let known = PROGRAMS.iter().find(|(name, ..)| *name == program.name);
        let (_, for_containers, package) = known.copied().unwrap_or(("", false, ""));
        if !program.path.is_empty() {
            let what = match program.version.as_str() {
                "" => format!("{} is there", program.name),
                version => format!("{}: {version}", program.name),
            };
            return match versions::too_old(&program.name, &program.version) {
                None => Finding::ok("programs", &program.path, what),
                Some((level, why)) => {
                    let what = format!("{what}, which is too old; {why}");
                    Finding::new("programs", level, &program.path, what)
                        .advice(format!("install a newer {package}"))
                }
            };
        }
        let level = match (for_containers && !facts.containers, program.name.as_str()) {
            (true, _) | (_, "ssh") => Level::Warning,
            _ => Level::Broken,
        };
        let what = format!("{} is not installed", program.name);
        Finding::new("programs", level, "$PATH", what).advice(format!(
            "apt-get install {package}, or scripts/packages.sh run"
        ))
    });
    found.collect()
}

pub(super) fn cgroups(facts: &Facts) -> Vec<Finding> {
    if !facts.containers {
        return Vec::new();
    }
    let place = "/sys/fs/cgroup";
    if facts.cgroups.controllers.is_empty() {
        return vec![
            Finding::new("cgroups", Level::Broken, place, "no cgroups are mounted")
                .advice("boot with systemd.unified_cgroup_hierarchy=1; pods are limited with them"),
        ];
    }
    let missing: Vec<&str> = CONTROLLERS
        .into_iter()
        .filter(|it| !facts.cgroups.controllers.iter().any(|has| has == it))
        .collect();
    let all = CONTROLLERS.join(", ");
    match (missing.is_empty(), facts.cgroups.unified) {
        (true, true) => {
            let what = format!("version 2 with {all}");
            return vec![Finding::ok("cgroups", place, what)];
        }
        (true, false) => {
            let what = format!(
                "version 1 with {all}: pods run and are limited, but new releases of systemd \
                 have version 2 alone"
            );
            let advice = "boot with systemd.unified_cgroup_hierarchy=1 before the next upgrade";
            return vec![Finding::new("cgroups", Level::Warning, place, what).advice(advice)];
        }
        (false, _) => {}
    }
    let only_io = missing == ["io"];
    let level = if only_io {
        Level::Warning
    } else {
        Level::Broken
    };
    let what = format!("the controllers {} are not there", missing.join(", "));
    let advice = "enable them for this machine (kernel command line, or the parent's \
                  cgroup.subtree_control where this is a container)";
    vec![Finding::new("cgroups", level, "/sys/fs/cgroup/cgroup.controllers", what).advice(advice)]
}

pub(super) fn settings(facts: &Facts) -> Vec<Finding> {
    let judged = facts.settings.iter().filter_map(|(name, value)| {
        let (_, least, why) = SETTINGS.iter().find(|(known, ..)| known == name)?;
        let Some(value) = value else {
            let what = format!("{name} cannot be read");
            return Some(Finding::new("kernel", Level::Unknown, name, what));
        };
        let number: u64 = value.trim().parse().unwrap_or(0);
        if number >= *least {
            return Some(Finding::ok("kernel", name, format!("{name} is {number}")));
        }
        let what = format!("{name} is {number}, less than {least}: {why}");
        let advice = format!("sysctl -w {name}={least}, and the same in /etc/sysctl.d");
        Some(Finding::new("kernel", Level::Warning, name, what).advice(advice))
    });
    judged.collect()
}

pub(super) fn nftables(facts: &Facts) -> Vec<Finding> {
    match &facts.nftables {
        Some(Ok(())) => vec![Finding::ok("nftables", "nft", "the kernel takes rules")],
        Some(Err(why)) => {
            let what = format!("the kernel takes no rules: {why}");
            let advice = "load the module nf_tables; Services are rules of it";
            vec![Finding::new("nftables", Level::Broken, "nft list tables", what).advice(advice)]
        }
        None => Vec::new(),
    }
}

/// Seconds between two clocks that nobody minds.
const APART: u64 = 5;

pub(super) fn clock(facts: &Facts) -> Vec<Finding> {
    let place = "system clock";
    let kept = match facts.clock.synchronised {
        Some(true) => Finding::ok("clock", place, "is kept right"),
        Some(false) => Finding::new("clock", Level::Warning, place, "nobody keeps it right")
            .advice(
                "apt-get install systemd-timesyncd (or chrony): certificates and leases go by it",
            ),
        None => Finding::new(
            "clock",
            Level::Unknown,
            place,
            "nobody here says whether it is kept right",
        ),
    };
    let mut findings = vec![kept];
    let ahead = facts.clock.ahead.iter();
    findings.extend(ahead.map(|(address, ahead)| {
        let (seconds, side) = (
            ahead.unsigned_abs(),
            if *ahead < 0 { "behind" } else { "ahead of" },
        );
        if seconds <= APART {
            return Finding::ok("clock", address, "has the same time");
        }
        let what = format!("its clock is {seconds} s {side} this machine's");
        Finding::new("clock", Level::Broken, address, what)
            .advice("set both right: certificates, tokens and leases go by them")
    }));
    findings
}

pub(super) fn disks(facts: &Facts) -> Vec<Finding> {
    let judged = facts.disks.iter().map(|(path, disk)| disk_of(path, *disk));
    judged.collect()
}

fn disk_of(path: &str, disk: Disk) -> Finding {
    let size = |bytes: u64| match bytes {
        0..0x4000_0000 => format!("{} MiB", bytes >> 20),
        _ => format!("{}.{} GiB", bytes >> 30, ((bytes % (1 << 30)) * 10) >> 30),
    };
    let share = |free: u64, of: u64| (free * 100).checked_div(of).unwrap_or(100);
    let (bytes, inodes) = (
        share(disk.free, disk.size),
        share(disk.free_inodes, disk.inodes),
    );
    let what = format!(
        "{} free of {} ({bytes} %), {} files more ({inodes} %)",
        size(disk.free),
        size(disk.size),
        disk.free_inodes
    );
    // Some file systems make inodes as they are needed, and count none.
    let counts = disk.inodes > 0;
    let level = if disk.free < FEW_BYTES || (counts && disk.free_inodes < FEW_INODES) {
        Level::Broken
    } else if bytes < PERCENT || (counts && inodes < PERCENT) {
        Level::Warning
    } else {
        return Finding::ok("disk", path, what);
    };
    Finding::new("disk", level, path, what)
        .advice("make room: images and logs of containers are below the data directory")
}
