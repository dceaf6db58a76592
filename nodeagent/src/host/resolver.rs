//! The machine's own `resolv.conf`.

use crate::runtime::ResolverConfig;

/// Reads what matters of it. The last `search` and `options` win, as for the resolver.
pub(crate) fn host_resolver(text: &str) -> ResolverConfig {
    let mut resolver = ResolverConfig::default();
    for line in text.lines() {
        let mut words = line.split_whitespace().map(ToOwned::to_owned);
        match words.next().as_deref() {
            Some("nameserver") => resolver.servers.extend(words.next()),
            Some("search" | "domain") => resolver.searches = words.filter(|s| s != ".").collect(),
            Some("options") => resolver.options = words.collect(),
            _ => {}
        }
    }
    resolver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_matters() {
        let resolver = host_resolver(
            "# made by hand\nnameserver 1.1.1.1\nnameserver 8.8.8.8\nsearch a.example b.example\noptions ndots:2 edns0\n",
        );
        assert_eq!(resolver.servers, ["1.1.1.1", "8.8.8.8"]);
        assert_eq!(resolver.searches, ["a.example", "b.example"]);
        assert_eq!(resolver.options, ["ndots:2", "edns0"]);
    }
}
