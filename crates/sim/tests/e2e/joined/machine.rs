//! The other machine: a network namespace with a cable to this one. All of it goes with it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context, ensure};
use jiff::{SignedDuration, Timestamp};
use nodeagent::network::Ranges;
use serde_json::Value;
use sim::instance::{Instance, finish, wait};
use tls::{Authority, Wanted};

/// This machine's end of the cable, and the other one.
pub(super) const HERE: &str = "198.51.100.1";
pub(super) const THERE: &str = "198.51.100.7";

const START: SignedDuration = SignedDuration::from_secs(60);
/// The kernel tells of what is gone.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(8);

pub(super) struct Machine {
    kedge: PathBuf,
    /// The data directory of the instance that it joins.
    pub(super) instance: PathBuf,
    /// Its files.
    pub(super) directory: PathBuf,
    namespace: String,
    cable: String,
    supervisor: Option<Child>,
}

impl Machine {
    pub(super) fn plug_in(instance: &Instance) -> anyhow::Result<Self> {
        let id = std::process::id();
        let machine = Self {
            kedge: instance.program().to_owned(),
            instance: instance.data(),
            directory: PathBuf::from(format!("/tmp/kedge-far-{id}")),
            namespace: format!("kedge-far-{id}"),
            cable: format!("kf{id}"),
            supervisor: None,
        };
        std::fs::create_dir_all(&machine.directory)?;
        let Self {
            namespace, cable, ..
        } = &machine;
        let here = |line: &str| finish(Command::new("ip").args(line.split(' ')));
        here(&format!("netns add {namespace}"))?;
        here(&format!(
            "link add {cable} type veth peer name eth0 netns {namespace}"
        ))?;
        here(&format!("addr add {HERE}/24 dev {cable}"))?;
        here(&format!("link set {cable} up"))?;
        for line in [
            "link set lo up",
            &format!("addr add {THERE}/24 dev eth0"),
            "link set eth0 up",
            &format!("route add default via {HERE}"),
        ] {
            machine.ip(&line.split(' ').collect::<Vec<_>>())?;
        }
        Ok(machine)
    }

    pub(super) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// A program on that machine.
    fn inside(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net=/run/netns/{}", self.namespace))
            .arg(program)
            .current_dir(&self.directory);
        command
    }

    pub(super) fn ip(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = finish(self.inside(Path::new("ip")).args(arguments))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    pub(super) fn page(&self, url: &str) -> anyhow::Result<()> {
        let arguments = ["-sS", "--fail", "--max-time", "10", url];
        finish(self.inside(Path::new("curl")).args(arguments)).map(drop)
    }

    fn adding(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.kedge);
        command.args(["node", "add"]).args(arguments);
        command.arg("--data-dir").arg(&self.instance);
        command
    }

    /// Has the instance write `join.json`, twice: it is the same node then.
    pub(super) fn add(&self, arguments: &[&str]) -> anyhow::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let path = self.directory.join("join.json");
        let first = finish(&mut self.adding(arguments))?;
        let status = self
            .adding(arguments)
            .stdout(File::create(&path)?)
            .status()?;
        ensure!(status.success(), "the second time it is refused");
        ensure!(std::fs::read(&path)? == first.stdout, "it is another node");
        let mode = std::fs::metadata(&path)?.permissions().mode() & 0o777;
        ensure!(mode == 0o600, "others may read the file: {mode:o}");
        let told = String::from_utf8_lossy(&first.stderr).into_owned();
        ensure!(
            told.contains("is node 2") && !told.contains("PRIVATE"),
            "{told}"
        );
        Ok(())
    }

    pub(super) fn add_refused(
        &self,
        arguments: &[&str],
        code: i32,
        says: &str,
    ) -> anyhow::Result<()> {
        let output = self.adding(arguments).output()?;
        ensure!(output.stdout.is_empty(), "something was printed");
        is_refused(&output, Some(code), says)
    }

    fn joining(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(["node", "join"]).args(arguments);
        command.arg("--data-dir").arg(self.data());
        command
    }

    /// Joining is refused.
    pub(super) fn refused(&self, arguments: &[&str], says: &str) -> anyhow::Result<()> {
        let output = self.joining(self.inside(&self.kedge), arguments).output()?;
        is_refused(&output, None, says)?;
        ensure!(!self.data().exists(), "something was made");
        Ok(())
    }

    /// The same on this machine.
    pub(super) fn refused_here(&self, arguments: &[&str], says: &str) -> anyhow::Result<()> {
        let mut command = Command::new(&self.kedge);
        command.current_dir(&self.directory);
        let output = self.joining(command, arguments).output()?;
        is_refused(&output, None, says)
    }

    /// Joins, and waits for the node to be Ready.
    pub(super) fn join(&mut self, arguments: &[&str]) -> anyhow::Result<()> {
        let path = self.directory.join("out.log");
        let log = File::create(&path)?;
        let mut command = self.joining(self.inside(&self.kedge), arguments);
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.supervisor = Some(command.spawn().context("cannot start kedge node join")?);
        wait("the node to be Ready", START, || {
            std::fs::read_to_string(&path).is_ok_and(|it| it.contains("worker-1 is Ready"))
        })?;
        let said = self.logs();
        ensure!(!said.contains("PRIVATE KEY"), "a key is in a log");
        Ok(())
    }

    /// As Ctrl-C does it.
    pub(super) fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut supervisor) = self.supervisor.take() else {
            return Ok(());
        };
        finish(Command::new("kill").args(["-INT", &supervisor.id().to_string()]))?;
        let status = supervisor.wait()?;
        ensure!(status.success(), "it ended with {status}");
        Ok(())
    }

    pub(super) fn kill_agent(&self) -> anyhow::Result<()> {
        let instance = format!("--instance {}", self.data().display());
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            if line.contains(" agent ") && line.contains(&instance) {
                finish(Command::new("kill").arg("-KILL").arg(entry.file_name()))?;
                return Ok(());
            }
        }
        anyhow::bail!("no agent runs there")
    }

    /// Puts keys in the place of the node's that were made most of their life ago; answers when.
    pub(super) fn age_keys(&self, name: &str) -> anyhow::Result<Timestamp> {
        let now = Timestamp::now();
        let then = now - SignedDuration::from_hours(24 * 300);
        let authority = Authority::open(&self.instance.join("pki/ca.pem"), "kedge", now)?;
        let user = format!("system:node:{name}");
        let names = [name.to_owned(), "localhost".to_owned()];
        let addresses = [THERE.parse()?, "127.0.0.1".parse()?];
        let mut file = self.join_file()?;
        for (field, wanted) in [
            ("client", Wanted::client(&user, "system:nodes")),
            ("serving", Wanted::server(&user, names, addresses)),
        ] {
            let pair = authority.issue(&wanted, then)?;
            file[field] = format!("{}{}", pair.key_pem, pair.certificate_pem).into();
        }
        std::fs::write(self.data().join("join.json"), file.to_string())?;
        Ok(then)
    }

    fn join_file(&self) -> anyhow::Result<Value> {
        let text = std::fs::read_to_string(self.data().join("join.json"))?;
        Ok(serde_json::from_str(&text)?)
    }

    /// When the keys were made that the next start goes by.
    pub(super) fn keys_begin(&self) -> anyhow::Result<Timestamp> {
        let file = self.join_file()?;
        let pem = file["client"].as_str().context("no keys")?;
        Ok(tls::certificate::begins(pem)?)
    }

    /// kubectl with the keys that the node's agent has.
    pub(super) fn as_node(&self, name: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let output = finish(&mut self.node_asks(name, arguments))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A watch with the same keys, which is open.
    pub(super) fn watch_as_node(&self, name: &str, path: &str) -> anyhow::Result<Child> {
        let mut command = self.node_asks(name, &["get", "--raw", path]);
        let mut watch = command.stdout(Stdio::piped()).spawn()?;
        let events = watch.stdout.as_mut().context("it has no output")?;
        let mut first = [0];
        events
            .read_exact(&mut first)
            .context("the watch did not begin")?;
        Ok(watch)
    }

    fn node_asks(&self, name: &str, arguments: &[&str]) -> Command {
        let kubeconfig = self.data().join("nodes").join(name).join("kubeconfig");
        let mut command = Command::new("kubectl");
        command.arg("--kubeconfig").arg(kubeconfig).args(arguments);
        command.current_dir(&self.directory);
        command
    }

    /// What the doctor says there.
    pub(super) fn doctor(&self) -> anyhow::Result<Value> {
        let mut command = self.inside(&self.kedge);
        command.args(["doctor", "-o", "json", "--data-dir"]);
        // It fails where the machine lacks something.
        let output = command.arg(self.data()).output()?;
        serde_json::from_slice(&output.stdout).context("the doctor says nothing")
    }

    /// Kedge's routes there.
    pub(super) fn routes(&self) -> anyhow::Result<String> {
        self.ip(&["-4", "route", "show", "proto", "75"])
    }

    /// Those of the instance.
    pub(super) fn routes_here(instance: &Instance) -> anyhow::Result<String> {
        let pods = Ranges::read(&instance.data())?.pods.to_string();
        let arguments = ["-4", "route", "show", "root", &pods, "proto", "75"];
        let output = finish(Command::new("ip").args(arguments))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Takes Kedge's routes away on both machines, and waits for them to come back.
    pub(super) fn lose_routes(&self, instance: &Instance) -> anyhow::Result<()> {
        let ranges = Ranges::read(&instance.data())?;
        self.ip(&["route", "del", &ranges.pods.to_string()])?;
        let far = ranges.node_pods(2).to_string();
        finish(Command::new("ip").args(["route", "del", &far]))?;
        wait("the routes to be back", AT_ONCE, || {
            let here = Self::routes_here(instance);
            self.routes().is_ok_and(|it| !it.is_empty()) && here.is_ok_and(|it| !it.is_empty())
        })
    }

    pub(super) fn purge(&self) -> anyhow::Result<()> {
        let mut command = self.inside(&self.kedge);
        command.args(["down", "--purge", "--data-dir"]);
        finish(command.arg(self.data())).map(drop)
    }

    pub(super) fn logs(&self) -> String {
        let logs = std::fs::read_dir(self.data().join("logs"));
        let logs = logs.into_iter().flatten().flatten().map(|it| it.path());
        let all = std::iter::once(self.directory.join("out.log")).chain(logs);
        let texts = all.filter_map(|path| std::fs::read_to_string(path).ok());
        texts.collect::<Vec<_>>().join("\n---\n")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let stopped = self.stop();
        if self.data().exists()
            && let Err(error) = self.purge()
        {
            eprintln!("{} could not be purged: {error:#}", self.data().display());
        }
        let _told = stopped;
        for arguments in [
            ["link", "del", &self.cable],
            ["netns", "del", &self.namespace],
        ] {
            let _gone = Command::new("ip").args(arguments).status();
        }
        let _gone = std::fs::remove_dir_all(&self.directory);
    }
}

fn is_refused(output: &Output, code: Option<i32>, says: &str) -> anyhow::Result<()> {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(
        !output.status.success() && told.contains(says),
        "it says {told:?}"
    );
    ensure!(
        code.is_none() || output.status.code() == code,
        "{:?}: {told}",
        output.status
    );
    Ok(())
}
