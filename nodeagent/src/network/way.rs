//! How an address is reached. Pure.

use std::net::Ipv4Addr;

use serde::Deserialize;

/// From this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is this machine's own.
    Local,
    /// Somebody on one network with it, as who has this address there.
    Direct(Ipv4Addr),
    /// Through a router.
    Through(Ipv4Addr),
    /// Not at all.
    Nowhere,
}

impl Way {
    /// Reads what `ip -json -4 route get` prints; nothing where no route leads there.
    pub(super) fn read(json: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Line {
            #[serde(default, rename = "type")]
            kind: String,
            #[serde(default)]
            gateway: Option<Ipv4Addr>,
            #[serde(default)]
            prefsrc: Option<Ipv4Addr>,
        }
        if json.trim_ascii().is_empty() {
            return Ok(Self::Nowhere);
        }
        let lines: Vec<Line> = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let found = lines.into_iter().next().map(|line| {
            match (line.kind.as_str(), line.gateway, line.prefsrc) {
                ("local", ..) => Self::Local,
                ("" | "unicast", Some(gateway), _) => Self::Through(gateway),
                ("" | "unicast", None, Some(source)) => Self::Direct(source),
                _ => Self::Nowhere,
            }
        });
        Ok(found.unwrap_or(Self::Nowhere))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read() {
        let check = |text: &str, expected: Way| {
            assert_eq!(Way::read(text.as_bytes()), Ok(expected), "{text}");
        };
        let (router, own) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2));
        check(
            r#"[{"type":"local","dst":"192.0.2.2","dev":"lo","prefsrc":"192.0.2.2"}]"#,
            Way::Local,
        );
        check(
            r#"[{"dst":"192.0.2.7","dev":"eth0","prefsrc":"192.0.2.2","flags":[]}]"#,
            Way::Direct(own),
        );
        check(
            r#"[{"dst":"198.51.100.3","gateway":"192.0.2.1","dev":"eth0","prefsrc":"192.0.2.2"}]"#,
            Way::Through(router),
        );
        check(
            r#"[{"type":"broadcast","dst":"192.0.2.255","dev":"eth0","prefsrc":"192.0.2.2"}]"#,
            Way::Nowhere,
        );
        check("", Way::Nowhere);
        check("[]", Way::Nowhere);
        assert!(Way::read(b"Object null").is_err());
    }
}
