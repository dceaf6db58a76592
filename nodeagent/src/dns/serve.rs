//! Answers queries over UDP and TCP.

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use hickory_server::Server;
use hickory_server::net::runtime::Time;
use hickory_server::proto::op::{Header, HeaderCounts, Metadata, OpCode, ResponseCode};
use hickory_server::proto::rr::rdata::{A, CNAME, PTR, SOA, SRV, TXT};
use hickory_server::proto::rr::{self, Name, RData, RecordType};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::net::{TcpListener, UdpSocket};

use client::Tasks;

use super::forward::Forwarder;
use super::zone::{Answer, Lookup, Record, Zone};

/// Seconds a resolver may keep an answer: Services move.
const TTL: u32 = 5;
/// Names that stand for names, followed for one question.
const MAX_ALIASES: usize = 8;
const TCP_TIMEOUT: Duration = Duration::from_secs(10);
const TCP_BUFFER: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen for DNS queries on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
}

/// A running DNS server whose zone can be replaced at any time.
#[derive(Clone)]
pub struct Dns {
    zone: Arc<ArcSwap<Zone>>,
}

impl Dns {
    /// Listens on `address`, port 53, until the tasks are cancelled.
    pub async fn start(
        address: Ipv4Addr,
        forwarder: Forwarder,
        tasks: &Tasks,
    ) -> Result<Self, Error> {
        let zone = Arc::new(ArcSwap::from_pointee(Zone::default()));
        let address = SocketAddr::from((address, 53));
        let listen = |source| Error::Listen { address, source };
        let udp = UdpSocket::bind(address).await.map_err(listen)?;
        let tcp = TcpListener::bind(address).await.map_err(listen)?;
        let mut server = Server::new(Handler {
            zone: Arc::clone(&zone),
            forwarder,
        });
        server.register_socket(udp);
        server.register_listener(tcp, TCP_TIMEOUT, TCP_BUFFER);
        let token = tasks.token().clone();
        tasks.spawn(async move {
            tokio::select! {
                () = token.cancelled() => {}
                ended = server.block_until_done() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "the DNS server ended");
                    }
                }
            }
        });
        Ok(Self { zone })
    }

    /// Answers from `zone` from now on.
    pub fn replace(&self, zone: Zone) {
        self.zone.store(Arc::new(zone));
    }
}

struct Handler {
    zone: Arc<ArcSwap<Zone>>,
    forwarder: Forwarder,
}

#[async_trait::async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut handle: R,
    ) -> ResponseInfo {
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.recursion_available = true;
        let Resolved {
            code,
            records,
            is_own,
        } = self.resolve(request).await;
        metadata.response_code = code;
        metadata.authoritative = is_own;
        let soa = if is_own && records.is_empty() {
            soa()
        } else {
            Vec::new()
        };
        let builder = MessageResponseBuilder::from_message_request(request);
        let response = builder.build(metadata, &records, [], &soa, []);
        match handle.send_response(response).await {
            Ok(info) => info,
            Err(error) => {
                tracing::debug!(%error, "a DNS answer could not be sent");
                Header {
                    metadata,
                    counts: HeaderCounts::default(),
                }
                .into()
            }
        }
    }
}

/// What a question is answered with.
struct Resolved {
    code: ResponseCode,
    records: Vec<rr::Record>,
    /// The name is the cluster's, not the world's outside.
    is_own: bool,
}

impl Resolved {
    fn own(code: ResponseCode, records: Vec<rr::Record>) -> Self {
        Self {
            code,
            records,
            is_own: true,
        }
    }

    fn foreign((code, records): (ResponseCode, Vec<rr::Record>)) -> Self {
        Self {
            code,
            records,
            is_own: false,
        }
    }
}

impl Handler {
    async fn resolve(&self, request: &Request) -> Resolved {
        if request.metadata.op_code != OpCode::Query {
            return Resolved::foreign((ResponseCode::NotImp, Vec::new()));
        }
        let Ok(info) = request.request_info() else {
            return Resolved::foreign((ResponseCode::FormErr, Vec::new()));
        };
        let query = info.query;
        let name = query.original().name().clone();
        let answer = self
            .zone
            .load()
            .answer(&name.to_ascii(), lookup(query.query_type()));
        match answer {
            Answer::NoSuchName => Resolved::own(ResponseCode::NXDomain, Vec::new()),
            Answer::Elsewhere => Resolved::foreign(self.forwarder.ask(query.original()).await),
            Answer::Records(records) => {
                let mut list = rr_records(&name, &records);
                if let [Record::Cname(target)] = records.as_slice() {
                    list.extend(self.follow(target, query.query_type()).await);
                }
                Resolved::own(ResponseCode::NoError, list)
            }
        }
    }

    /// What an ExternalName stands for, inside the cluster or outside.
    async fn follow(&self, target: &str, kind: RecordType) -> Vec<rr::Record> {
        let mut target = target.to_owned();
        let mut list = Vec::new();
        for _ in 0..MAX_ALIASES {
            let Ok(name) = Name::from_str(&format!("{target}.")) else {
                break;
            };
            let answer = self.zone.load().answer(&target, lookup(kind));
            match answer {
                Answer::NoSuchName => break,
                Answer::Elsewhere => {
                    let query = hickory_server::proto::op::Query::query(name, kind);
                    list.extend(self.forwarder.ask(&query).await.1);
                    break;
                }
                Answer::Records(records) => {
                    list.extend(rr_records(&name, &records));
                    let [Record::Cname(next)] = records.as_slice() else {
                        break;
                    };
                    next.clone_into(&mut target);
                }
            }
        }
        list
    }
}

fn lookup(kind: RecordType) -> Lookup {
    match kind {
        RecordType::A => Lookup::A,
        RecordType::SRV => Lookup::Srv,
        RecordType::PTR => Lookup::Ptr,
        RecordType::TXT => Lookup::Txt,
        _ => Lookup::Other,
    }
}

fn rr_records(name: &Name, records: &[Record]) -> Vec<rr::Record> {
    records
        .iter()
        .filter_map(|record| rr_record(name.clone(), record))
        .collect()
}

fn rr_record(name: Name, record: &Record) -> Option<rr::Record> {
    let fully_qualified = |text: &str| Name::from_str(&format!("{text}.")).ok();
    let data = match record {
        Record::A(address) => RData::A(A(*address)),
        Record::Srv { port, target } => {
            RData::SRV(SRV::new(0, 100, *port, fully_qualified(target)?))
        }
        Record::Cname(target) => RData::CNAME(CNAME(fully_qualified(target)?)),
        Record::Ptr(target) => RData::PTR(PTR(fully_qualified(target)?)),
        Record::Txt(text) => RData::TXT(TXT::new(vec![text.clone()])),
    };
    Some(rr::Record::from_rdata(name, TTL, data))
}

/// Lets resolvers remember that a name does not exist, for as long as it would have lived.
fn soa() -> Vec<rr::Record> {
    let name = |text: &str| Name::from_str(text).expect("a constant name parses");
    let data = SOA::new(
        name("ns.dns.cluster.local."),
        name("hostmaster.cluster.local."),
        1,
        7200,
        1800,
        86_400,
        TTL,
    );
    vec![rr::Record::from_rdata(
        name("cluster.local."),
        TTL,
        RData::SOA(data),
    )]
}

#[cfg(test)]
mod tests {
    use api::Object;
    use serde_json::{Value, json};

    use super::*;

    #[tokio::test]
    async fn an_external_name_may_stand_for_a_name_of_the_cluster() {
        let service = |name: &str, spec: Value| {
            Object::from(json!({"metadata": {"namespace": "shop", "name": name}, "spec": spec}))
        };
        let alias = |name: &str, target: &str| {
            let target = format!("{target}.shop.svc.cluster.local");
            service(
                name,
                json!({"type": "ExternalName", "externalName": target}),
            )
        };
        let services = [
            service("web", json!({"clusterIP": "10.96.0.7"})),
            alias("one", "web"),
            alias("circle", "circle"),
        ];
        let handler = Handler {
            zone: Arc::new(ArcSwap::from_pointee(Zone::new(
                "cluster.local",
                &services,
                [],
            ))),
            forwarder: Forwarder::new(Vec::new()),
        };
        let follow = async |name: &str| {
            let target = format!("{name}.shop.svc.cluster.local");
            handler.follow(&target, RecordType::A).await
        };
        let found = follow("one").await;
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].data, RData::A(A(Ipv4Addr::new(10, 96, 0, 7))));
        assert_eq!(follow("circle").await.len(), MAX_ALIASES);
        assert!(follow("nobody").await.is_empty());
    }
}
