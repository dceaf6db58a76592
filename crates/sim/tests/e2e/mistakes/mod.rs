//! Likely mistakes on the command line, and to the letter what each is answered: what is wrong,
//! where, and what to do next. None of them changes anything.

use std::fmt::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use sim::instance::{Instance, examples, finish};

#[test]
fn mistakes_are_answered_with_what_to_do() -> anyhow::Result<()> {
    let mut instance = Instance::start(
        "mistakes",
        &["--runtime", "simulated", "--seed", &examples()],
    )?;
    let place = Place::make(&instance)?;
    let before = place.state()?;
    let running = place.answers(include_str!("running.txt"))?;
    ensure!(place.state()? == before, "a mistake changed something");
    insta::assert_snapshot!("running", running);
    let waited =
        finish(&mut place.bash("kedge sync serving --wait && kedge rollout serving-2 --wait"))?;
    let waited = String::from_utf8_lossy(&waited.stdout).into_owned();
    insta::assert_snapshot!("waits", place.normal(&waited));
    insta::assert_snapshot!("offers", place.offers(include_str!("offers.txt"))?);
    instance.stop()?;
    let stopped = place.answers(include_str!("stopped.txt"))?;
    insta::assert_snapshot!("stopped", stopped);
    Ok(())
}

/// Where a person stands who has an instance in `.kedge`.
struct Place {
    directory: PathBuf,
    /// What is another in every run, and what the snapshot has for it.
    names: Vec<(String, &'static str)>,
    /// What a line may name.
    variables: Vec<(&'static str, String)>,
}

impl Place {
    fn make(instance: &Instance) -> anyhow::Result<Self> {
        let directory = instance.directory().join("here");
        std::fs::create_dir_all(&directory)?;
        // Who has no rights must still be able to start the program.
        std::fs::copy(instance.program(), directory.join("kedge"))?;
        std::os::unix::fs::symlink(instance.data(), directory.join(".kedge"))?;
        let write = |name: &str, text: &str| std::fs::write(directory.join(name), text);
        write("README.md", "Nothing to see.\n")?;
        write("typo.yaml", "apps:\n  outputt: json\n")?;
        write(
            "one.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        )?;
        let kubeconfig = std::fs::read_to_string(instance.kubeconfig())?;
        let lines = |key: &str, value: &str| -> String {
            let replaced = kubeconfig.lines().map(|line| match line.split_once(key) {
                Some((indent, _)) => format!("{indent}{key}{value}\n"),
                None => format!("{line}\n"),
            });
            replaced.collect()
        };
        write("away", &lines("server: ", "https://127.0.0.1:1"))?;
        write(
            "other",
            &lines("certificate-authority-data: ", OTHER.trim()),
        )?;
        let mut place = Self {
            directory,
            names: Vec::new(),
            variables: Vec::new(),
        };
        place.name(instance)?;
        Ok(place)
    }

    fn name(&mut self, instance: &Instance) -> anyhow::Result<()> {
        let endpoints = std::fs::read_to_string(instance.data().join("endpoints.json"))?;
        let endpoints: serde_json::Value = serde_json::from_str(&endpoints)?;
        let address = |of: &str| endpoints[of].as_str().unwrap_or_default().to_owned();
        let (api, web, broken) = (address("api"), address("web"), breaks()?);
        let lock = std::fs::read_to_string(instance.data().join("lock"))?;
        let reader = instance.kedge(&["token", "create", "reader", "--read-only"])?;
        let reader = reader.lines().next().context("no token")?.to_owned();
        let bare = |url: &str| url.split("://").nth(1).unwrap_or_default().to_owned();
        self.names = vec![
            (self.directory.display().to_string(), "HERE"),
            (instance.data().display().to_string(), "DATA"),
            (bare(&api), "API"),
            (bare(&web), "WEB"),
            (bare(&broken), "BROKEN"),
            (lock.trim().to_owned(), "PID"),
        ];
        self.variables = vec![
            ("API", api),
            ("WEB", web),
            ("BROKEN", broken),
            ("READER", reader),
        ];
        Ok(())
    }

    /// What there is: mistakes leave it as it is.
    fn state(&self) -> anyhow::Result<String> {
        let mut all = String::new();
        for line in [
            "./kedge rollouts",
            "./kedge token list | cut -d ' ' -f 1",
            "./kedge repo list",
            "git --git-dir .kedge/git/cluster.git rev-parse main",
        ] {
            let output = finish(self.bash(line).env("COLUMNS", "200"))?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            // Ages grow.
            let steady = text.split_whitespace().filter(|it| !is_age(it));
            all.push_str(&steady.collect::<Vec<_>>().join(" "));
        }
        Ok(all)
    }

    fn bash(&self, line: &str) -> Command {
        let nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups";
        let script = format!("as_nobody() {{ {nobody} \"$@\"; }}\n{line}");
        let mut command = Command::new("bash");
        let path = format!("{}:/usr/bin:/bin", self.directory.display());
        command
            .args(["-c", &script])
            .current_dir(&self.directory)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("PATH", path);
        command
    }

    /// Each line with its exit code and everything that it says.
    fn answers(&self, lines: &str) -> anyhow::Result<String> {
        let (mut text, mut wrong) = (String::new(), String::new());
        for line in lines.lines().filter(|it| !it.is_empty()) {
            if line.starts_with('#') {
                let _ = writeln!(text, "{line}\n");
                continue;
            }
            if line.starts_with("as_nobody") && !is_root() {
                continue;
            }
            let output = self.bash(line).output()?;
            let said = self.normal(&String::from_utf8_lossy(&output.stderr));
            let code = output.status.code().context("it was killed")?;
            if !output.stdout.is_empty() || ![1, 2].contains(&code) {
                let printed = String::from_utf8_lossy(&output.stdout);
                let _ = writeln!(wrong, "$ {line}\n{printed}{said}[{code}]\n");
            }
            let _ = writeln!(text, "$ {line}\n{said}[{code}]\n");
        }
        ensure!(wrong.is_empty(), "this is no answer to a mistake:\n{wrong}");
        Ok(text)
    }

    /// What each shell is offered for the last word of each line.
    fn offers(&self, lines: &str) -> anyhow::Result<String> {
        let mut text = String::new();
        for line in lines.lines() {
            let _ = writeln!(text, "$ {line}");
            let bash = self.offer("bash", line)?;
            // The others say besides which is which.
            let names = |shell: &str, apart: char| -> anyhow::Result<Vec<String>> {
                let offered = self.offer(shell, line)?;
                let first = offered.iter().filter_map(|it| it.split(apart).next());
                Ok(first.map(ToOwned::to_owned).collect())
            };
            for (shell, apart) in [("zsh", ':'), ("fish", '\t')] {
                let other = names(shell, apart)?;
                ensure!(
                    other == bash,
                    "$ {line}: {shell} has {other:?}, bash {bash:?}"
                );
            }
            for name in bash {
                let _ = writeln!(text, "  {}", self.normal(&name).trim_end());
            }
        }
        Ok(text)
    }

    /// As the shell's script asks.
    fn offer(&self, shell: &str, line: &str) -> anyhow::Result<Vec<String>> {
        let last = line.split(' ').count() - 1;
        let empty = if line.ends_with(' ') { "''" } else { "" };
        let mut command = self.bash(&format!("kedge -- {line}{empty}"));
        command
            .env("KEDGE_COMPLETE", shell)
            .env("_CLAP_COMPLETE_INDEX", last.to_string())
            .env("_CLAP_IFS", "\n");
        let output = finish(&mut command)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text.lines().map(ToOwned::to_owned).collect())
    }

    fn normal(&self, said: &str) -> String {
        let names = self.names.iter();
        let said = names.fold(said.to_owned(), |text, (from, to)| text.replace(from, to));
        let lines = said.lines().map(|line| {
            let words = line.split(' ').map(|word| {
                let bare = word.trim_matches(|it: char| !it.is_alphanumeric());
                let hex = bare.bytes().all(|it| it.is_ascii_hexdigit());
                if line.contains("the newest is") && bare.parse::<u32>().is_ok_and(|it| it < 10_000)
                {
                    return word.replace(bare, "REVISION");
                }
                if bare.len() == 7 && hex && !line.starts_with('$') {
                    return word.replace(bare, "COMMIT");
                }
                if bare.len() == 12 && hex && bare != "0123456789ab" {
                    return word.replace(bare, "DIGEST");
                }
                word.to_owned()
            });
            words.collect::<Vec<_>>().join(" ").trim_end().to_owned() + "\n"
        });
        lines.collect()
    }
}

/// A certificate (PEM) of an authority that signed nothing of the instance.
const OTHER: &str = include_str!("other.pem.base64");

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|it| it.uid() == 0)
}

fn is_age(word: &str) -> bool {
    let digits = word.trim_end_matches(['s', 'm', 'h', 'd']);
    digits != word && digits.bytes().all(|it| it.is_ascii_digit())
}

/// The address of a server that hangs up on everybody who asks.
fn breaks() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut asked = [0; 4096];
            let _read = std::io::Read::read(&mut stream, &mut asked);
            let _begun = std::io::Write::write(&mut stream, b"HTTP/1.1 200 OK\r\nContent-Le");
        }
    });
    Ok(address)
}
