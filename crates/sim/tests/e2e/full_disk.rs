//! The disk of the data directory is full: pushes are refused with what to do, the doctor says why, nothing
//! is lost, and everything goes on when there is room again.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use serde_json::Value;
use sim::instance::{Instance, empty_seed, finish, wait};
use sim::work_tree::WorkTree;

const SOON: SignedDuration = SignedDuration::from_mins(1);
/// A database takes some 50 MiB of it.
const SIZE: &str = "400m";

/// A small file system of its own, mounted where an instance is to be. Goes after the instance.
struct Disk(PathBuf);

impl Disk {
    fn mount(place: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&place)?;
        let options = format!("size={SIZE},mode=0755");
        let mut mount = Command::new("mount");
        finish(
            mount
                .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
                .arg(&place),
        )
        .context("a file system can be mounted by root alone")?;
        Ok(Self(place))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Takes all there is.
    fn fill(&self) -> anyhow::Result<()> {
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(self.ballast())?;
        let mut block = vec![0; 1 << 20];
        while !block.is_empty() {
            if file.write_all(&block).is_err() {
                block.truncate(block.len() / 2);
            }
        }
        Ok(())
    }

    fn make_room(&self) -> anyhow::Result<()> {
        std::fs::remove_file(self.ballast()).context("there is no ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg(&self.0).status();
        let _gone = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn a_full_disk_refuses_what_is_new_and_loses_nothing() -> anyhow::Result<()> {
    let disk = Disk::mount(Instance::place("full"))?;
    let seed = empty_seed()?;
    let arguments = ["--seed", seed.as_str(), "--runtime", "simulated"];
    let instance = Instance::start("full", &arguments)?;
    let tree = WorkTree::clone(&instance, "clone")?;
    tell(&disk, &instance, &tree).with_context(|| instance.logs())
}

fn tell(disk: &Disk, instance: &Instance, tree: &WorkTree) -> anyhow::Result<()> {
    tree.write("apps/notes.yaml", APPLICATION)?;
    tree.write("notes/notes.yaml", &notes("first"))?;
    tree.add("The first")?;
    tree.push()?;
    ensure!(said(instance)? == "first", "the first was not applied");

    // The clone is on the same disk: what is to be pushed is made before.
    tree.write("notes/notes.yaml", &notes("second"))?;
    tree.add("The second")?;
    disk.fill()?;
    let refused = tree.push().err().context("a push was taken in")?;
    let refused = format!("{refused:#}");
    for part in ["is full", "make room there and push again"] {
        ensure!(refused.contains(part), "{refused}");
    }
    ensure!(said(instance)? == "first", "it was applied all the same");
    doctor(instance, disk)?;
    let large = format!("--from-literal=a={}", noise(100_000));
    let create = ["create", "configmap", "large", large.as_str()];
    let late = instance.kubectl(&create).err();
    let late = late.context("an object was taken in")?;
    ensure!(format!("{late:#}").contains("No space left"), "{late:#}");

    // The database may even end meanwhile: it comes back, with the room at the latest.
    instance.kill("bin/postgres -D")?;
    disk.make_room()?;
    wait("a push to be taken in", SOON, || {
        tree.push().is_ok() && said(instance).is_ok_and(|it| it == "second")
    })?;
    instance.kubectl(&create)?;
    wait("the applications to be well", SOON, || {
        instance
            .kedge(&["apps"])
            .is_ok_and(|it| it.contains("Synced") && it.contains("Healthy"))
    })?;
    let rollouts = instance.kedge(&["rollouts", "notes"])?;
    for subject in ["The first", "The second"] {
        ensure!(rollouts.contains(subject), "{subject} is lost: {rollouts}");
    }
    Ok(())
}

/// A text that no database makes smaller.
fn noise(length: usize) -> String {
    let mut state = 1_u64;
    let digit = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let digit = u32::try_from((state >> 33) % 36).unwrap_or_default();
        char::from_digit(digit, 36).unwrap_or('0')
    };
    std::iter::repeat_with(digit).take(length).collect()
}

/// What the doctor says of the disk.
fn doctor(instance: &Instance, disk: &Disk) -> anyhow::Result<()> {
    let mut command = Command::new(instance.program());
    command.args(["doctor", "-o", "json", "--data-dir"]);
    // It fails: something is broken.
    let output = command.arg(instance.data()).output()?;
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let items = told["items"].as_array().context("no items")?;
    let is_it = |it: &&Value| it["check"] == "disk" && is_below(&it["where"], &disk.0);
    let found = items.iter().find(is_it).context("nothing is said of it")?;
    let advice = found["advice"].as_str().unwrap_or_default();
    ensure!(
        found["level"] == "broken" && advice.contains("make room"),
        "{found}"
    );
    Ok(())
}

fn is_below(place: &Value, disk: &Path) -> bool {
    place
        .as_str()
        .is_some_and(|it| Path::new(it).starts_with(disk))
}

fn said(instance: &Instance) -> anyhow::Result<String> {
    instance.field(&["configmap", "notes"], "{.data.said}")
}

const APPLICATION: &str = "\
apiVersion: kedge.dev/v1alpha1
kind: Application
metadata: {name: notes, namespace: kedge}
spec:
  source: {path: notes}
  targetNamespace: default
";

fn notes(said: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: notes}}\ndata: {{said: {said}}}\n")
}
