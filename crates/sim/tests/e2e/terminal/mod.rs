//! The command line where people meet it: at a terminal, in the shells they use. The instance is one
//! that answers as the test says.

mod pty;
mod stub;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use serde_json::json;
use sim::instance::{binary, finish, wait};

use self::pty::Pty;
use self::stub::Stub;

/// The directory of the program, and an empty one to be at home in.
fn places(name: &str) -> anyhow::Result<(PathBuf, PathBuf)> {
    let program = binary()?;
    let home = std::env::temp_dir().join(format!("kedge-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&home)?;
    let directory = program.parent().map(Path::to_owned).unwrap_or_default();
    Ok((directory, home))
}

#[test]
fn waiting_ends_with_ctrl_c_and_the_terminal_is_as_it_was() -> anyhow::Result<()> {
    let rollout = json!({"id": "web-1", "application": "web", "phase": "Verifying",
        "startedAt": "2026-01-01T10:00:00Z", "steps": [], "objects": []});
    let asked = json!({"application": "web", "rollout": "web-1"});
    let answers = vec![("/apps/web/sync", asked), ("/rollouts/web-1", rollout)];
    let stub = Stub::start(answers)?;
    let (path, home) = places("ctrl-c")?;
    // The shell gets the same key, and stays to tell.
    let line = format!(
        "trap : INT; stty -a >before; kedge sync web --wait --server {} --token t; echo \"code $?\"; \
         stty -a >after; cmp before after && echo same",
        stub.address
    );
    let mut pty = Pty::open(&line, &path, &home)?;
    pty.expect("0 of 0 objects healthy")?;
    pty.press("\u{3}")?;
    pty.expect("ended with Ctrl-C; the rollout goes on: kedge rollout web-1")?;
    pty.expect("code 1")?;
    pty.expect("same")?;
    // What was hidden for the line at the bottom is shown again.
    let shown = pty.shown();
    let (hidden, again) = (shown.rfind("\u{1b}[?25l"), shown.rfind("\u{1b}[?25h"));
    ensure!(hidden <= again, "the cursor is gone: {shown:?}");
    std::fs::remove_dir_all(home)?;
    Ok(())
}

#[test]
fn a_rollback_asks_for_its_reason_where_somebody_can_be_asked() -> anyhow::Result<()> {
    let answer = json!({"what": "rollout web-2", "commit": "0123456789abcdef", "conflicts": [],
        "report": ["nothing changes in the cluster"], "rollouts": [], "touches": []});
    let stub = Stub::start(vec![("/rollouts/web-2/rollback", answer)])?;
    let (path, home) = places("reason")?;
    let line = format!(
        "kedge rollback web-2 --wait --server {} --token t",
        stub.address
    );
    let mut pty = Pty::open(&format!("{line}; echo \"code $?\""), &path, &home)?;
    pty.expect("Reason: ")?;
    ensure!(!stub.asked().iter().any(|it| it.starts_with("POST")));
    pty.press("two are enough\n")?;
    pty.expect("Pushed 0123456789ab")?;
    pty.expect("code 0")?;
    let pushed = || {
        let asked = stub.asked();
        asked.iter().filter(|it| it.starts_with("POST")).count()
    };
    ensure!(pushed() == 1, "{:?}", stub.asked());
    // Nobody answers a pipe.
    let pty = Pty::open(
        &format!("{line} </dev/null; echo \"code $?\""),
        &path,
        &home,
    )?;
    pty.expect("add --reason 'TEXT'")?;
    pty.expect("code 2")?;
    ensure!(pushed() == 1, "{:?}", stub.asked());
    std::fs::remove_dir_all(home)?;
    Ok(())
}

#[test]
fn an_answer_that_is_longer_than_the_terminal_is_paged() -> anyhow::Result<()> {
    let diff = |value: &str| {
        json!({"application": "web", "revision": "0123456789abcdef", "lines": [],
            "counts": {"create": 0, "change": 1, "delete": 0, "unchanged": 0},
            "objects": [{"kind": "Pod", "name": "a", "action": "change",
                "changes": [{"path": "spec.x", "old": "one", "new": value}]}]})
    };
    // Few lines, of which one wraps into more rows than there are.
    let answers = vec![
        ("/apps/long/diff", diff(&"word ".repeat(600))),
        ("/apps/short/diff", diff("two")),
    ];
    let stub = Stub::start(answers)?;
    let (path, home) = places("pager")?;
    let diff = |name: &str, more: &str| {
        let line = format!(
            "kedge diff {name} --server {} --token t {more}; echo \"code $?\"",
            stub.address
        );
        let pty = Pty::open(&line, &path, &home)?;
        pty.expect("code ")?;
        anyhow::Ok(pty.shown())
    };
    let pager = "--pager 'sed -e s/^/paged:/'";
    let long = diff("long", pager)?;
    ensure!(long.contains("paged:") && long.contains("code 0"), "{long}");
    let short = diff("short", pager)?;
    ensure!(
        !short.contains("paged:") && short.contains("two"),
        "{short}"
    );
    let off = diff("long", "--no-pager")?;
    ensure!(
        !off.contains("paged:") && off.contains("word word"),
        "{off}"
    );
    // Who leaves it early has not failed.
    let left = diff("long", "--pager 'head -n 1'")?;
    ensure!(left.contains("code 0"), "{left}");
    std::fs::remove_dir_all(home)?;
    Ok(())
}

/// How each shell is begun so that it has nothing of this machine, and what has it complete.
const SHELLS: [(&str, &str, &str); 3] = [
    (
        "bash",
        "bash --norc --noprofile -i",
        "PS1='rea''dy> '; source <(kedge completions bash)\n",
    ),
    (
        "zsh",
        "zsh -f -i",
        "PS1='rea''dy> '; autoload -U compinit; compinit -u -D; source <(kedge completions zsh)\n",
    ),
    (
        "fish",
        "fish --no-config -i",
        "function fish_prompt; echo -n 'rea''dy> '; end; kedge completions fish | source\n",
    ),
];

#[test]
fn every_shell_completes_names_of_the_instance_that_the_line_means() -> anyhow::Result<()> {
    for (shell, begin, load) in SHELLS {
        completes(shell, begin, load)?;
    }
    Ok(())
}

fn completes(shell: &str, begin: &str, load: &str) -> anyhow::Result<()> {
    let apps =
        json!({"items": [{"name": "webshop", "health": {"status": "Healthy"}}, {"name": "ui"}]});
    let pods = json!({"items": [{"namespace": "shop", "name": "web-1"}]});
    let app = json!({"name": "webshop", "sync": "Synced", "health": {"status": "Healthy"}});
    let stub = Stub::start(vec![
        ("/names", pods),
        ("/apps/webshop", app),
        ("/apps", apps),
        ("/why", json!({"subject": "Pod web-1", "well": true})),
    ])?;
    let (path, home) = places(shell)?;
    let mut pty = Pty::open(begin, &path, &home)?;
    pty.press(load)?;
    pty.expect("ready> ")?;
    let asks = |request: &str| {
        let limit = SignedDuration::from_secs(30);
        let is_asked = || stub.asked().iter().any(|it| it == request);
        wait(&format!("{shell}: {request}"), limit, is_asked)
    };
    // In bash the address is several words.
    let line = format!("kedge app --server {} --token secret we", stub.address);
    pty.press(&format!("{line}\t"))?;
    asks("GET /apps secret")?;
    pty.expect("webshop")?;
    pty.press("\n")?;
    asks("GET /apps/webshop secret")?;
    // One question, with the namespace that is on the line.
    let before = stub.asked().len();
    let line = format!(
        "kedge why --server={} --token=secret -n shop pod/",
        stub.address
    );
    pty.press(&format!("{line}w\t"))?;
    asks("GET /names?kind=pods&namespace=shop secret")?;
    pty.expect("pod/web-1")?;
    ensure!(stub.asked().len() == before + 1, "{:?}", stub.asked());
    pty.press("\n")?;
    asks("GET /why/pods/shop/web-1 secret")?;
    std::fs::remove_dir_all(home)?;
    Ok(())
}

#[test]
fn what_is_installed_is_where_man_and_shells_look() -> anyhow::Result<()> {
    let (built, home) = places("install")?;
    let prefix = home.join("usr");
    let project = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let install = |prefix: &Path| {
        let arguments = [
            format!("BUILT={}", built.display()),
            format!("PREFIX={}", prefix.display()),
        ];
        finish(
            Command::new("make")
                .args(["-C", project, "install"])
                .args(arguments),
        )
    };
    install(&prefix)?;
    // Once more, over what is there.
    install(&prefix)?;
    let program = prefix.join("bin/kedge");
    let said = finish(Command::new(&program).arg("--version"))?;
    ensure!(said.stdout.starts_with(b"kedge "), "{said:?}");
    ensure!(program.canonicalize()?.ends_with("lib/kedge/kedge"));
    for (file, text) in [
        ("man/man1/kedge-diff.1", ".TH kedge-diff 1"),
        ("man/man1/kedge-repo-create.1", ".TH kedge-repo-create 1"),
        ("bash-completion/completions/kedge", "complete -o nospace"),
        ("zsh/site-functions/_kedge", "#compdef kedge"),
        ("fish/vendor_completions.d/kedge.fish", "complete"),
    ] {
        let path = prefix.join("share").join(file);
        let found = std::fs::read_to_string(&path).with_context(|| file.to_owned())?;
        ensure!(found.contains(text), "{file}: {found}");
    }
    // Nothing to install is told with what to do.
    let none = Command::new(format!("{project}/scripts/install.sh"))
        .args([home.as_path(), prefix.as_path()])
        .output()?;
    let said = String::from_utf8_lossy(&none.stderr).into_owned();
    ensure!(
        !none.status.success() && said.contains("make build"),
        "{said}"
    );
    std::fs::remove_dir_all(home)?;
    Ok(())
}
