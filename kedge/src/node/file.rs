//! What a machine joins with: one JSON file, with keys in it.

use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use nodeagent::network::Ranges;

use super::machines::NUMBERS;
use super::{role, verbs};
use crate::up::Layout;

/// Of this shape of the file.
const FORMAT: u8 = 1;

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JoinFile {
    /// [`FORMAT`]
    pub(super) join: u8,
    pub(crate) name: String,
    /// From 2; the range of its pods follows from it.
    pub(super) number: u8,
    /// The machine's own.
    pub(super) address: Ipv4Addr,
    /// The instance's machine, as this one reaches it.
    pub(super) via: Ipv4Addr,
    pub(super) ranges: Ranges,
    /// `https://10.146.1.1:6443`
    pub(crate) api: String,
    /// The certificate (PEM) that signed everybody's.
    pub(super) authority: String,
    /// Key and certificate (PEM) of the node towards the API server.
    pub(super) client: String,
    /// Those of its agent, towards the API server's calls.
    pub(super) serving: String,
}

/// Never shows a key.
impl std::fmt::Debug for JoinFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JoinFile")
            .field("name", &self.name)
            .field("number", &self.number)
            .field("address", &self.address)
            .field("via", &self.via)
            .finish_non_exhaustive()
    }
}

/// What `kedge node add` knows, all but the shape.
pub(super) struct Parts {
    pub(super) name: String,
    pub(super) number: u8,
    pub(super) address: Ipv4Addr,
    pub(super) via: Ipv4Addr,
    pub(super) ranges: Ranges,
    pub(super) api: String,
    pub(super) authority: String,
    pub(super) client: tls::Pair,
    pub(super) serving: tls::Pair,
}

fn pem(pair: &tls::Pair) -> String {
    format!("{}{}", pair.key_pem, pair.certificate_pem)
}

impl From<Parts> for JoinFile {
    fn from(parts: Parts) -> Self {
        Self {
            join: FORMAT,
            client: pem(&parts.client),
            serving: pem(&parts.serving),
            name: parts.name,
            number: parts.number,
            address: parts.address,
            via: parts.via,
            ranges: parts.ranges,
            api: parts.api,
            authority: parts.authority,
        }
    }
}

impl JoinFile {
    /// # Errors
    /// It is no such file; nothing that is in it is repeated.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: Self = serde_json::from_str(text).map_err(|error| {
            format!(
                "it is no file that `kedge node add` wrote (line {}, column {})",
                error.line(),
                error.column()
            )
        })?;
        if file.join != FORMAT {
            return Err(format!(
                "it is of another version of Kedge than this, which is {}",
                env!("CARGO_PKG_VERSION")
            ));
        }
        // The name is one of a directory, and it may have been written by anybody.
        verbs::name(&file.name)?;
        let is_node = NUMBERS.contains(&file.number);
        let outside = |address| !file.ranges.contains(address);
        if is_node && outside(file.address) && outside(file.via) {
            return Ok(file);
        }
        Err("what is in it does not go together; `kedge node add` writes a new one".into())
    }

    /// That of the node that a data directory is, if it is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn kept(layout: &Layout) -> anyhow::Result<Option<Self>> {
        let path = layout.join();
        let text = tls::files::read(&path).map_err(|error| {
            use std::error::Error;
            let why = error.source().map(ToString::to_string).unwrap_or_default();
            anyhow!("{error}: {why}; a node's directory is root's")
        })?;
        let parsed = text.as_deref().map(Self::parse).transpose();
        parsed.map_err(|why| anyhow!("{}: {why}", path.display()))
    }

    /// Keeps the same with other keys, where a start finds them.
    pub(crate) fn renewed(
        self,
        client: &tls::Pair,
        serving: &tls::Pair,
        layout: &Layout,
    ) -> anyhow::Result<()> {
        let renewed = Self {
            client: pem(client),
            serving: pem(serving),
            ..self
        };
        renewed.keep(&layout.join())?;
        let path = role::client(&renewed, layout);
        tls::files::write_private(&path, renewed.client.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// For its owner alone.
    pub(super) fn keep(&self, path: &Path) -> anyhow::Result<()> {
        tls::files::write_private(path, self.text()?.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))
    }

    pub(super) fn text(&self) -> anyhow::Result<String> {
        let text = serde_json::to_string_pretty(self).context("cannot write the join file")?;
        Ok(text + "\n")
    }

    /// Whether both are about one node of one instance; keys and ways change.
    pub(super) fn is_same_node(&self, other: &Self) -> bool {
        (&self.name, self.number, self.ranges) == (&other.name, other.number, other.ranges)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use nodeagent::network::Instance;
    use serde_json::{Value, json};

    use super::*;

    /// Of an authority of a test, from then on.
    pub(in crate::node) fn file(now: jiff::Timestamp) -> JoinFile {
        let authority = tls::Authority::generate("kedge", now).unwrap();
        let wanted = tls::Wanted::client("system:node:worker-1", "system:nodes");
        let pair = authority.issue(&wanted, now).unwrap();
        let ranges = Ranges::free(&Instance::of(Path::new("/srv/demo/.kedge")), &[]);
        JoinFile::from(Parts {
            name: "worker-1".into(),
            number: 2,
            address: Ipv4Addr::new(192, 0, 2, 7),
            via: Ipv4Addr::new(192, 0, 2, 1),
            ranges: ranges.unwrap(),
            api: "https://10.168.1.1:6443".into(),
            authority: authority.certificate_pem().into(),
            client: pair.clone(),
            serving: pair,
        })
    }

    fn now() -> jiff::Timestamp {
        "2026-06-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let file = file(now());
        let text = file.text().unwrap();
        assert_eq!(JoinFile::parse(&text), Ok(file.clone()));
        let shown = format!("{file:?}");
        assert!(
            shown.contains("worker-1") && !shown.contains("PRIVATE"),
            "{shown}"
        );
    }

    #[test]
    fn what_is_no_join_file_is_refused_without_repeating_it() {
        let check = |change: &dyn Fn(&mut Value), says: &str| {
            let mut value = serde_json::to_value(file(now())).unwrap();
            change(&mut value);
            let told = JoinFile::parse(&value.to_string()).unwrap_err();
            assert!(told.contains(says), "{told}");
            assert!(
                !told.contains("PRIVATE") && !told.contains("secret"),
                "{told}"
            );
        };
        check(&|it| it["join"] = json!(2), "another version");
        check(&|it| it["number"] = json!("secret"), "is no file");
        check(&|it| it["more"] = json!("secret"), "is no file");
        check(&|it| it["name"] = json!("../secret"), "lower-case");
        check(&|it| it["number"] = json!(1), "does not go together");
        check(
            &|it| it["via"] = json!("10.168.1.1"),
            "does not go together",
        );
        let told = JoinFile::parse("{\n").unwrap_err();
        assert!(told.contains("line 2"), "{told}");
    }

    #[test]
    fn it_is_kept_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let root = std::env::temp_dir().join(format!("kedge-join-{}", std::process::id()));
        let layout = Layout::create(&root).unwrap();
        assert_eq!(JoinFile::kept(&layout).unwrap(), None);
        let file = file(now());
        file.keep(&layout.join()).unwrap();
        assert_eq!(JoinFile::kept(&layout).unwrap().as_ref(), Some(&file));
        let mode = std::fs::metadata(layout.join()).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        std::fs::remove_dir_all(root).unwrap();
    }
}
