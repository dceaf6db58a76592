//! What others have published, with the conditions they name.

/// A published figure.
pub(crate) struct Peer {
    pub(crate) test: &'static str,
    pub(crate) what: &'static str,
    /// Seconds, where one number was published.
    pub(crate) seconds: Option<u32>,
    pub(crate) source: &'static str,
}

impl Peer {
    /// `; published: 256 s, 4.2 times as long`, where what was measured is what was published.
    pub(crate) fn ratio(&self, millis: i64, is_whole: bool) -> String {
        let Some(seconds) = self.seconds.filter(|_| is_whole) else {
            return String::new();
        };
        let tenths = i64::from(seconds) * 10_000 / millis.max(1);
        format!(
            "; published: {seconds} s, {}.{} times as long",
            tenths / 10,
            tenths % 10
        )
    }
}

/// How the figures are to be read.
pub(crate) const FAIRNESS: &str = "peers write to a Kubernetes that is not part of their figures; \
     here API server, controllers, database and Git server run on the same cores and are part of it";

pub(crate) const A: Peer = Peer {
    test: "A",
    what: "1,000 Applications x 4 objects, one push",
    seconds: Some(256),
    source: "Flux 2.6, 256 s and 175 MiB: 16 cores, kustomize-controller 2 CPU, kind, OCI source \
             (fluxcd/flux-benchmark)",
};

pub(crate) const B: Peer = Peer {
    test: "B",
    what: "10,000 Applications x 1 ConfigMap of 2 kB",
    seconds: Some(540),
    source: "Argo CD 2.8, 9 min: 10 shards on 8 vCPU and 32 GB, 100 clusters (cnoe.io 2023)",
};

pub(crate) const C: Peer = Peer {
    test: "C",
    what: "50,000 Applications x 1 ConfigMap of 2 kB",
    seconds: Some(1260),
    source: "Argo CD 2.8, 21 to 22 min: 3 nodes of 8 vCPU, 500 clusters (cnoe.io 2023)",
};

pub(crate) const D: Peer = Peer {
    test: "D",
    what: "commit of a file that is nobody's",
    seconds: None,
    source: "no figure is published",
};

pub(crate) const E: Peer = Peer {
    test: "E",
    what: "one file changed, from git push to applied",
    seconds: Some(240),
    source: "Argo CD users: 4 to 5 min with 800 Applications (one report)",
};

pub(crate) const F: Peer = Peer {
    test: "F",
    what: "changed by hand, until it is put back",
    seconds: None,
    source: "no figure is published; Flux waits for its interval, 10 to 60 min",
};

pub(crate) const G: Peer = Peer {
    test: "G",
    what: "first page of the list of Applications",
    seconds: None,
    source: "Argo CD users: 2.5 to 4.3 s of server time at 6,000, 35 s at 8,000 (single reports)",
};

pub(crate) const H: Peer = Peer {
    test: "H",
    what: "one file changed, with neighbours that never get healthy",
    seconds: Some(300),
    source: "Flux users: 5 min while others were failing, else 10 to 42 s (flux#5622)",
};

pub(crate) const I: Peer = Peer {
    test: "I",
    what: "plan of a branch that touches 50 objects",
    seconds: Some(60),
    source: "preview clusters: 60 to 99 s (single reports)",
};
