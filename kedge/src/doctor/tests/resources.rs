//! The clock, the disk and the control groups.

use super::*;

#[test]
fn a_clock_that_nobody_keeps_or_that_is_another_one_is_told() {
    use Level::{Broken, Unknown, Warning};
    check(
        |it| it.clock.synchronised = Some(false),
        &[("clock", Warning, "timesyncd")],
    );
    check(|it| it.clock.synchronised = None, &[("clock", Unknown, "")]);
    let apart = |seconds: i64| move |facts: &mut Facts| facts.clock.ahead[0].1 = seconds;
    let (api, well) = ("https://127.0.0.1:6443/readyz: its clock is", &[][..]);
    for seconds in [0, 5, -5] {
        check(apart(seconds), well);
    }
    for (seconds, says) in [
        (6, "6 s ahead of this machine's"),
        (-6, "6 s behind this machine's"),
        (-90, "90 s behind this machine's"),
    ] {
        let told = format!("{api} {says}: set both right");
        check(apart(seconds), &[("clock", Broken, &told)]);
    }
    // Whoever is wrong is named.
    let another = |facts: &mut Facts| {
        let web = "http://127.0.0.1:8080/readyz";
        facts.clock.ahead.push((web.into(), 3_600));
    };
    check(
        another,
        &[(
            "clock",
            Broken,
            "http://127.0.0.1:8080/readyz: its clock is 3600 s",
        )],
    );
    // Nobody answered: there is nothing to compare with.
    check(|it| it.clock.ahead.clear(), well);
}

#[test]
fn a_disk_is_told_before_it_is_full() {
    use Level::{Broken, Warning};
    let free = |bytes: u64| move |facts: &mut Facts| facts.disks[0].1.free = bytes;
    check(free(11 * GIB), &[]);
    check(free(5 * GIB), &[("disk", Warning, "5.0 GiB free")]);
    check(free(GIB), &[("disk", Warning, "1.0 GiB free")]);
    check(free(GIB / 2), &[("disk", Broken, "512 MiB free")]);
    check(free(0), &[("disk", Broken, "0 MiB free")]);
    let files = |count: u64| move |facts: &mut Facts| facts.disks[0].1.free_inodes = count;
    check(files(100_001), &[]);
    check(files(50_000), &[("disk", Warning, "50000 files more")]);
    check(files(10), &[("disk", Broken, "10 files more")]);
    // A file system that makes inodes as it needs them counts none.
    let uncounted = |facts: &mut Facts| {
        facts.disks[0].1.inodes = 0;
        facts.disks[0].1.free_inodes = 0;
    };
    check(uncounted, &[]);
    let second = |facts: &mut Facts| {
        let mut full = facts.disks[0].clone();
        full.0 = "/var/lib/kedge".into();
        full.1.free = 0;
        facts.disks.push(full);
    };
    check(second, &[("disk", Broken, "/var/lib/kedge: 0 MiB free")]);
}

#[test]
fn control_groups_that_pods_need_are_told() {
    use Level::{Broken, Warning};
    check(
        |it| it.cgroups = Cgroups::default(),
        &[("cgroups", Broken, "no cgroups")],
    );
    check(
        |it| it.cgroups.unified = false,
        &[("cgroups", Warning, "version 1")],
    );
    let without = |gone: &'static [&'static str]| {
        move |facts: &mut Facts| {
            let controllers = &mut facts.cgroups.controllers;
            controllers.retain(|it| !gone.contains(&it.as_str()));
        }
    };
    check(without(&["memory"]), &[("cgroups", Broken, "memory")]);
    check(
        without(&["pids", "cpu"]),
        &[("cgroups", Broken, "cpu, pids")],
    );
    check(without(&["io"]), &[("cgroups", Warning, "io")]);
    check(
        without(&["io", "memory"]),
        &[("cgroups", Broken, "memory, io")],
    );
    let old_without = |facts: &mut Facts| {
        facts.cgroups.unified = false;
        without(&["pids"])(facts);
    };
    check(old_without, &[("cgroups", Broken, "pids")]);
}
