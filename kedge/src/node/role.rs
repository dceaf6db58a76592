//! The agent of a machine that joined, as a child process. Pure.

use std::ffi::OsString;
use std::path::PathBuf;

use super::JoinFile;
use crate::up::{Layout, Role, Runtime};

/// How the agent is to run.
#[derive(Debug, Clone)]
pub(super) struct Wishes {
    pub(super) port: u16,
    /// Directories with images, besides those of Kedge itself.
    pub(super) images: Vec<PathBuf>,
}

pub(super) fn agent(file: &JoinFile, layout: &Layout, wishes: &Wishes) -> Role {
    let text = |it: &dyn ToString| OsString::from(it.to_string());
    let mut flags: Vec<(&str, OsString)> = vec![
        ("--name", text(&file.name)),
        ("--data-dir", layout.named_node(&file.name).into()),
        (
            "--kubeconfig",
            layout.named_node(&file.name).join("kubeconfig").into(),
        ),
        ("--certificate", serving(file, layout).into()),
        ("--authority", authority(layout).into()),
        ("--runtime", Runtime::Containerd.name().into()),
        ("--address", text(&file.address)),
        ("--agent-port", text(&wishes.port)),
        ("--via", text(&file.via)),
        ("--instance", layout.root.clone().into()),
        ("--node", text(&file.number)),
        ("--nodes", "1".into()),
        ("--images", layout.images().into()),
    ];
    let more = wishes.images.iter();
    flags.extend(more.map(|it| ("--images", it.clone().into())));
    let words = flags
        .into_iter()
        .flat_map(|(flag, value)| [flag.into(), value]);
    Role {
        name: format!("agent-{}", file.number),
        server: None,
        arguments: std::iter::once("agent".into()).chain(words).collect(),
        environment: Vec::new(),
        namespace: None,
    }
}

/// Named as on the machine of the instance.
pub(super) fn serving(file: &JoinFile, layout: &Layout) -> PathBuf {
    layout.pki().join(format!("node-{}-serving.pem", file.name))
}

pub(super) fn client(file: &JoinFile, layout: &Layout) -> PathBuf {
    layout.pki().join(format!("node-{}.pem", file.name))
}

pub(super) fn authority(layout: &Layout) -> PathBuf {
    layout.pki().join("ca.crt")
}

#[cfg(test)]
mod tests {
    use super::super::file::tests::file;
    use super::*;

    #[test]
    fn the_agent_is_told_where_it_is() {
        let file = file("2026-06-01T00:00:00Z".parse().unwrap());
        let layout = Layout {
            root: "/srv/kedge".into(),
        };
        let wishes = Wishes {
            port: 10_250,
            images: vec!["/srv/images".into()],
        };
        let role = agent(&file, &layout, &wishes);
        let line: Vec<_> = role
            .arguments
            .iter()
            .map(|it| it.to_string_lossy())
            .collect();
        insta::assert_snapshot!(line.join(" ").replace(" --", "\n--"));
    }
}
