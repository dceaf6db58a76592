//! Which addresses an instance uses. Chosen once, kept in its data directory.
//!
//! A triple of ranges belongs together, and there are 64 of them. An instance begins to look for
//! its own at a place that follows from its name, and takes the first of which nothing is routed
//! on the machine. As the pods' range of every instance that is up is routed, so no two take the
//! same service range either, though that one is in no table of routes.

use std::fs::File;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::apply::{self, foreign_routes};
use super::instance::Instance;
use super::prefix::Network;
use super::routes::PROTOCOL;

const FILE: &str = "networks.json";
/// Whoever holds it is the only one on the machine to choose.
const LOCK: &str = "/run/kedge-networks.lock";
const TRIPLES: u8 = 64;

/// The addresses of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranges {
    /// All pods: `10.128.0.0/16` to `10.191.0.0/16`.
    pub pods: Network,
    /// Cluster IPs: `10.192.0.0/16` to `10.255.0.0/16`.
    pub services: Network,
    /// Where several nodes of one machine meet: in `172.16.0.0/12`.
    pub nodes: Network,
}

/// Somebody else's range on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub network: Network,
    pub device: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "this instance's range {own} is routed to {} as well ({}): stop what uses it, which is \
         another instance of Kedge if the device is named kp… or kn…; or remove this instance \
         with `kedge down --purge`, and a new one takes a range that is free",
        .by.device, .by.network
    )]
    Collision { own: Network, by: Route },
    #[error(
        "the instance's range {own} is routed to {} as well on this machine ({}): stop what uses \
         it, as a node has the ranges of its instance and takes no others", .by.device, .by.network
    )]
    Taken { own: Network, by: Route },
    #[error(
        "no range for pods and services is left: each of 10.128.0.0/16 to 10.191.0.0/16, with \
         its partner among 10.192.0.0/16 to 10.255.0.0/16 and in 172.16.0.0/12, is routed on this \
         machine already; `ip route show table all` tells where to, and --runtime simulated needs none"
    )]
    NoneFree,
    #[error("cannot use {}: {detail}", .path.display())]
    File { path: PathBuf, detail: String },
    #[error("cannot see which ranges are in use")]
    Routes(#[from] apply::Error),
}

impl Ranges {
    /// The triple with a number below 64.
    fn triple(number: u8) -> Self {
        let wide = |second: u8| Network {
            address: Ipv4Addr::new(10, second, 0, 0),
            prefix: 16,
        };
        Self {
            pods: wide(128 + number),
            services: wide(192 + number),
            nodes: Network {
                address: Ipv4Addr::new(172, 16 + number / 4, number % 4 * 64, 0),
                prefix: 24,
            },
        }
    }

    /// The first triple from the instance's own place that overlaps none of the routes.
    ///
    /// # Errors
    /// [`Error::NoneFree`].
    pub fn free(instance: &Instance, routes: &[Route]) -> Result<Self, Error> {
        (0..TRIPLES)
            .map(|step| Self::triple(instance.seed.wrapping_add(step) % TRIPLES))
            .find(|ranges| ranges.check(routes).is_ok())
            .ok_or(Error::NoneFree)
    }

    /// Whether nobody else uses them.
    ///
    /// # Errors
    /// [`Error::Collision`].
    pub fn check(&self, routes: &[Route]) -> Result<(), Error> {
        for own in [self.pods, self.services, self.nodes] {
            if let Some(by) = routes.iter().find(|route| route.network.overlaps(own)) {
                let by = by.clone();
                return Err(Error::Collision { own, by });
            }
        }
        Ok(())
    }

    /// Whether an address is in any of them.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        let all = [self.pods, self.services, self.nodes];
        all.iter().any(|range| range.contains(address))
    }

    /// The pods of one node, counted from 1.
    pub fn node_pods(&self, node: u8) -> Network {
        let [a, b, _, _] = self.pods.address.octets();
        Network {
            address: Ipv4Addr::new(a, b, node, 0),
            prefix: 24,
        }
    }

    /// Those that the instance in a data directory has taken.
    ///
    /// # Errors
    /// [`Error::File`]: there are none, or they are no ranges.
    pub fn read(data_dir: &Path) -> Result<Self, Error> {
        let path = data_dir.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| unusable(&path, error))?;
        serde_json::from_str(&text).map_err(|error| unusable(&path, error))
    }

    fn write(&self, data_dir: &Path) -> Result<(), Error> {
        let (path, draft) = (data_dir.join(FILE), data_dir.join("networks.json.new"));
        let text = serde_json::to_string(self).map_err(|error| unusable(&path, error))?;
        std::fs::write(&draft, text + "\n")
            .and_then(|()| std::fs::rename(&draft, &path))
            .map_err(|error| unusable(&path, error))
    }

    /// Those that the instance has taken, or, where it has none, `choose`'s.
    fn kept(data_dir: &Path, routes: &[Route]) -> Result<Self, Error> {
        if data_dir.join(FILE).exists() {
            let ranges = Self::read(data_dir)?;
            ranges.check(routes).map(|()| ranges)
        } else {
            let ranges = Self::free(&Instance::of(data_dir), routes)?;
            ranges.write(data_dir).map(|()| ranges)
        }
    }
}

fn unusable(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::File {
        path: path.to_owned(),
        detail: error.to_string(),
    }
}

/// The ranges of an instance without real networks; nothing on the machine is looked at.
///
/// # Errors
/// [`Error::File`]: the data directory cannot be read or written.
pub fn without_networks(data_dir: &Path) -> Result<Ranges, Error> {
    Ranges::kept(data_dir, &[])
}

/// An instance's claim on its ranges. Others of the machine wait with theirs until it is dropped,
/// which is to be when the networks are up.
#[derive(Debug)]
pub struct Claim {
    pub ranges: Ranges,
    _lock: File,
}

/// Takes the ranges of the instance in a data directory.
///
/// # Errors
/// Somebody else uses them, there are none left, or files cannot be used.
pub async fn claim(data_dir: &Path) -> Result<Claim, Error> {
    let lock = tokio::task::spawn_blocking(locked)
        .await
        .map_err(|error| unusable(Path::new(LOCK), error))??;
    let routes = foreign_routes(&Instance::of(data_dir)).await?;
    Ok(Claim {
        ranges: Ranges::kept(data_dir, &routes)?,
        _lock: lock,
    })
}

/// Takes the ranges that an instance has on its own machine, which this one joined, for good.
///
/// # Errors
/// [`Error::Taken`], or files cannot be used.
pub async fn claim_given(data_dir: &Path, ranges: Ranges) -> Result<Claim, Error> {
    let lock = tokio::task::spawn_blocking(locked)
        .await
        .map_err(|error| unusable(Path::new(LOCK), error))??;
    let routes = foreign_routes(&Instance::of(data_dir)).await?;
    ranges.check(&routes).map_err(|error| match error {
        Error::Collision { own, by } => Error::Taken { own, by },
        other => other,
    })?;
    ranges.write(data_dir)?;
    Ok(Claim {
        ranges,
        _lock: lock,
    })
}

/// # Errors
/// [`Error::Collision`], and what [`claim`] meets.
pub async fn check(data_dir: &Path) -> Result<Ranges, Error> {
    let ranges = Ranges::read(data_dir)?;
    let routes = foreign_routes(&Instance::of(data_dir)).await?;
    ranges.check(&routes).map(|()| ranges)
}

fn locked() -> Result<File, Error> {
    let path = Path::new(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path);
    let file = file.map_err(|error| unusable(path, error))?;
    file.lock().map_err(|error| unusable(path, error))?;
    Ok(file)
}

/// Reads what `ip -N -json -4 route show table all` prints. Default routes are nobody's range,
/// and neither are those that lead to an instance's nodes on other machines: wherever one is, the
/// bridge of the instance is too.
pub(super) fn routes(json: &[u8]) -> Result<Vec<Route>, String> {
    #[derive(Deserialize)]
    struct Line {
        dst: String,
        #[serde(default)]
        dev: String,
        #[serde(default)]
        protocol: String,
    }
    let lines: Vec<Line> = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let ranges = lines
        .into_iter()
        .filter(|line| line.dst != "default" && line.protocol != PROTOCOL);
    let ranges = ranges.map(|line| {
        Ok(Route {
            network: line.dst.try_into()?,
            device: line.dev,
        })
    });
    ranges.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.to_owned().try_into().unwrap()
    }

    fn route(text: &str) -> Route {
        Route {
            network: network(text),
            device: "kp00000000".into(),
        }
    }

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("kedge-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn triples_do_not_overlap() {
        let all: Vec<Network> = (0..TRIPLES)
            .map(Ranges::triple)
            .flat_map(|it| [it.pods, it.services, it.nodes])
            .collect();
        for (index, one) in all.iter().enumerate() {
            for other in &all[..index] {
                assert!(!one.overlaps(*other), "{one} {other}");
            }
        }
        assert_eq!(Ranges::triple(63).pods.to_string(), "10.191.0.0/16");
        assert_eq!(Ranges::triple(63).services.to_string(), "10.255.0.0/16");
        assert_eq!(Ranges::triple(63).nodes.to_string(), "172.31.192.0/24");
        let third = Ranges::triple(2).node_pods(3);
        assert_eq!(third.host(1), Ipv4Addr::new(10, 130, 3, 1));
    }

    #[test]
    fn what_is_routed_is_not_taken() {
        let instance = Instance::of(Path::new("/srv/a/.kedge"));
        let first = Ranges::free(&instance, &[]).unwrap();
        assert_eq!(Ranges::free(&instance, &[]).unwrap(), first);
        for taken in [first.node_pods(7), first.services, first.nodes] {
            let second = Ranges::free(&instance, &[route(&taken.to_string())]).unwrap();
            assert_ne!(second.pods, first.pods);
            assert_ne!(second.services, first.services);
            assert_ne!(second.nodes, first.nodes);
        }
        let none = Ranges::free(&instance, &[route("10.0.0.0/8")]);
        assert!(matches!(none, Err(Error::NoneFree)), "{none:?}");
        let most: Vec<Route> = (0..TRIPLES)
            .map(Ranges::triple)
            .filter(|it| it.pods != network("10.140.0.0/16"))
            .map(|it| route(&it.node_pods(1).to_string()))
            .collect();
        let last = Ranges::free(&instance, &most).unwrap();
        assert_eq!(last.pods, network("10.140.0.0/16"));
    }

    #[test]
    fn what_was_taken_is_kept_and_not_shared() {
        let own = directory("ranges");
        let first = Ranges::kept(&own, &[]).unwrap();
        assert_eq!(Ranges::read(&own).unwrap(), first);
        let elsewhere = [route("10.1.0.0/16"), route("192.168.1.0/24")];
        assert_eq!(Ranges::kept(&own, &elsewhere).unwrap(), first);
        let taken = route(&first.node_pods(1).to_string());
        let told = Ranges::kept(&own, &[taken]).unwrap_err().to_string();
        assert!(told.contains(&first.pods.to_string()), "{told}");
        assert!(told.contains("kp00000000"), "{told}");
        assert_eq!(Ranges::read(&own).unwrap(), first);
        std::fs::write(own.join(FILE), r#"{"pods": "here"}"#).unwrap();
        let told = Ranges::kept(&own, &[]).unwrap_err().to_string();
        assert!(told.contains(FILE) && told.contains("here"), "{told}");
        std::fs::remove_dir_all(own).unwrap();
    }

    #[test]
    fn routes_are_read() {
        let text = r#"[{"dst":"default","gateway":"192.0.2.1","dev":"eth0","flags":[]},
            {"dst":"10.146.1.0/24","dev":"kp12345678","protocol":"2","flags":["linkdown"]},
            {"dst":"10.146.2.0/24","gateway":"192.0.2.7","dev":"eth0","protocol":"75","flags":[]},
            {"type":"local","dst":"10.146.1.1","dev":"kp12345678","table":"local"},
            {"type":"blackhole","dst":"10.9.0.0/16","flags":[]}]"#;
        let read = routes(text.as_bytes()).unwrap();
        let told: Vec<String> = read
            .iter()
            .map(|it| format!("{} {}", it.network, it.device))
            .collect();
        assert_eq!(
            told,
            [
                "10.146.1.0/24 kp12345678",
                "10.146.1.1/32 kp12345678",
                "10.9.0.0/16 "
            ]
        );
        assert!(routes(b"Object null").is_err());
    }
}
