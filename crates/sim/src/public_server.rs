//! A Kubernetes that is not Kedge's: the API server of an instance, seen through a door that lets
//! nothing of Kedge's own pass.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use client::Tasks;
use futures::StreamExt;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::instance::Instance;

/// Below this path is what other Kubernetes have not, objects of Kedge's kinds apart.
const OWN: &str = "/apis/kedge.dev/v1alpha1/";
const OBJECTS: [&str; 3] = ["namespaces/", "applications", "rollouts"];
/// Whoever comes is taken for this one.
const RECONCILER: &str = "system:kedge:reconciler";
/// The largest body of a request, in bytes.
const BODY: usize = 16 << 20;

/// Ends when it is dropped.
pub struct PublicServer {
    url: String,
    tasks: Tasks,
    runtime: Runtime,
}

impl PublicServer {
    /// Whoever comes may do what a reconciler may.
    ///
    /// # Errors
    /// The instance has no address, or there is no port.
    pub fn start(instance: &Instance) -> anyhow::Result<Self> {
        let endpoints = std::fs::read_to_string(instance.data().join("endpoints.json"))?;
        let endpoints: Value = serde_json::from_str(&endpoints)?;
        let upstream = endpoints["api"].as_str().context("no API endpoint")?;
        let authority = std::fs::read(instance.data().join("pki/ca.crt"))?;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let door = Arc::new(Door {
            upstream: upstream.to_owned(),
            token: instance.token()?,
            client: reqwest::Client::builder()
                .add_root_certificate(reqwest::Certificate::from_pem(&authority)?)
                .build()?,
        });
        let runtime = Runtime::new().context("no runtime")?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("http://{}", listener.local_addr()?);
        let tasks = Tasks::default();
        runtime
            .block_on(async { tasks.spawn_until_cancelled(accept(listener, door, tasks.clone())) });
        Ok(Self {
            url,
            tasks,
            runtime,
        })
    }

    /// Writes a kubeconfig for it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn kubeconfig(&self, path: &Path) -> anyhow::Result<PathBuf> {
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: public\n\
             clusters: [{{name: public, cluster: {{server: '{}'}}}}]\n\
             contexts: [{{name: public, context: {{cluster: public, user: me}}}}]\n\
             users: [{{name: me, user: {{}}}}]\n",
            self.url
        );
        std::fs::write(path, text)?;
        Ok(path.to_owned())
    }
}

impl Drop for PublicServer {
    fn drop(&mut self) {
        self.runtime.block_on(self.tasks.drain());
    }
}

async fn accept(listener: TcpListener, door: Arc<Door>, tasks: Tasks) {
    while let Ok((stream, _)) = listener.accept().await {
        let door = door.clone();
        tasks.spawn_until_cancelled(async move {
            // Whoever went away needs no answer.
            let _ = door.serve(stream).await;
        });
    }
}

struct Door {
    upstream: String,
    token: String,
    client: reqwest::Client,
}

impl Door {
    /// One request and its answer, which ends with the connection.
    async fn serve(&self, stream: TcpStream) -> anyhow::Result<()> {
        let mut stream = BufReader::new(stream);
        let request = self.read(&mut stream).await?;
        let Some(request) = request else {
            let status = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","message":"the server could not find the requested resource","code":404}"#;
            let head = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
            stream
                .write_all(format!("{head}{status}").as_bytes())
                .await?;
            return Ok(stream.shutdown().await?);
        };
        let answer = request.send().await?;
        let mut head = format!("HTTP/1.1 {}\r\nConnection: close\r\n", answer.status());
        for (name, value) in answer.headers() {
            if name != "connection" && name != "transfer-encoding" && name != "content-length" {
                let _ = write!(head, "{name}: {}\r\n", value.to_str()?);
            }
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await?;
        let mut body = answer.bytes_stream();
        while let Some(bytes) = body.next().await {
            stream.write_all(&bytes?).await?;
            stream.flush().await?;
        }
        Ok(stream.shutdown().await?)
    }

    /// The request as it is passed on; `None` for what is not let through.
    async fn read(
        &self,
        stream: &mut BufReader<TcpStream>,
    ) -> anyhow::Result<Option<reqwest::RequestBuilder>> {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let mut words = line.split_whitespace();
        let method: reqwest::Method = words.next().context("no method")?.parse()?;
        let path = words.next().context("no path")?.to_owned();
        let url = format!("{}{path}", self.upstream);
        // Kedge's own server takes records of rollouts from a reconciler alone.
        let mut request = self
            .client
            .request(method, url)
            .bearer_auth(&self.token)
            .header("impersonate-user", RECONCILER);
        let mut length = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim().split_once(": ") else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse()?,
                "accept" | "content-type" => request = request.header(name, value),
                _ => {}
            }
        }
        ensure!(length <= BODY, "too large");
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let own = path.strip_prefix(OWN);
        let hidden = own.is_some_and(|it| !OBJECTS.iter().any(|known| it.starts_with(known)));
        Ok((!hidden).then(|| request.body(body)))
    }
}
