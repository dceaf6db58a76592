//! Questions about the world outside go to the machine's own resolvers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_server::proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_server::proto::rr::Record;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// For one resolver; the next one is asked after it.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Questions under way at once; more wait.
const CONCURRENCY: usize = 256;

/// Asks upstream resolvers in order.
#[derive(Clone)]
pub struct Forwarder {
    upstreams: Arc<[SocketAddr]>,
    slots: Arc<Semaphore>,
}

impl Forwarder {
    /// With no upstreams every question outside the cluster is answered with a server failure.
    pub fn new(upstreams: Vec<SocketAddr>) -> Self {
        Self {
            upstreams: upstreams.into(),
            slots: Arc::new(Semaphore::new(CONCURRENCY)),
        }
    }

    /// The first usable answer.
    pub async fn ask(&self, query: &Query) -> (ResponseCode, Vec<Record>) {
        let Ok(_slot) = self.slots.acquire().await else {
            return (ResponseCode::ServFail, Vec::new());
        };
        for upstream in self.upstreams.iter() {
            match timeout(TIMEOUT, exchange(*upstream, query)).await {
                Ok(Ok(message)) => return (message.metadata.response_code, message.answers),
                Ok(Err(error)) => tracing::debug!(%upstream, %error, "an upstream resolver failed"),
                Err(_) => tracing::debug!(%upstream, "an upstream resolver did not answer"),
            }
        }
        (ResponseCode::ServFail, Vec::new())
    }
}

async fn exchange(upstream: SocketAddr, query: &Query) -> std::io::Result<Message> {
    let mut message = Message::new(rand::random(), MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(query.clone());
    let bytes = message.to_vec().map_err(invalid)?;
    let local = if upstream.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(local).await?;
    socket.connect(upstream).await?;
    socket.send(&bytes).await?;
    let mut buffer = vec![0; 4096];
    let length = socket.recv(&mut buffer).await?;
    let answer = Message::from_vec(&buffer[..length]).map_err(invalid)?;
    if answer.metadata.id != message.metadata.id {
        return Err(invalid("the answer is to another question"));
    }
    if answer.metadata.truncation {
        over_tcp(upstream, &bytes).await
    } else {
        Ok(answer)
    }
}

async fn over_tcp(upstream: SocketAddr, bytes: &[u8]) -> std::io::Result<Message> {
    let mut stream = TcpStream::connect(upstream).await?;
    stream
        .write_u16(u16::try_from(bytes.len()).map_err(invalid)?)
        .await?;
    stream.write_all(bytes).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    Message::from_vec(&answer).map_err(invalid)
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, error)
}

/// The `nameserver` lines of a resolv.conf, without `own`: a resolver that asked itself would
/// never stop.
pub fn upstreams(resolv_conf: &str, own: IpAddr) -> Vec<SocketAddr> {
    resolv_conf
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .filter_map(|address| address.trim().parse::<IpAddr>().ok())
        .filter(|address| *address != own)
        .map(|address| SocketAddr::new(address, 53))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nameservers_but_not_itself() {
        let text =
            "# comment\nsearch x\nnameserver 10.0.0.2\n nameserver ::1\nnameserver 10.130.0.1\n";
        let list = upstreams(text, "10.130.0.1".parse().unwrap());
        assert_eq!(
            list,
            ["10.0.0.2:53".parse().unwrap(), "[::1]:53".parse().unwrap()]
        );
    }
}
