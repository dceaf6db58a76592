//! Between a store and its server: loses the answer to one commit, or is down.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use client::Tasks;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// What a client sends to end its transaction well.
const COMMIT: &[u8] = b"COMMIT";

/// Ends with its tasks.
pub(super) struct Proxy {
    /// Of the database, by way of the proxy.
    pub(super) url: String,
    is_armed: Arc<AtomicBool>,
    is_down: watch::Sender<bool>,
    directory: PathBuf,
}

impl Proxy {
    /// In front of the server that a URL leads to.
    pub(super) fn start(url: &str, tasks: &Tasks) -> Self {
        let server: PgConnectOptions = url.parse().unwrap();
        let socket = server.get_socket().expect("tests use a socket");
        let name = format!(".s.PGSQL.{}", server.get_port());
        let directory = std::env::temp_dir().join(format!("kedge-{:x}", rand::random::<u64>()));
        std::fs::create_dir(&directory).unwrap();
        let listener = UnixListener::bind(directory.join(&name)).unwrap();
        let is_armed = Arc::new(AtomicBool::new(false));
        let is_down = watch::Sender::new(false);
        let (group, armed, socket) = (tasks.clone(), is_armed.clone(), socket.join(name));
        let down = is_down.subscribe();
        tasks.spawn_until_cancelled(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&socket).await.unwrap();
                let (armed, mut down) = (armed.clone(), down.clone());
                group.spawn_until_cancelled(async move {
                    tokio::select! {
                        biased;
                        _ = down.wait_for(|is_down| *is_down) => {}
                        () = pass(client, server, armed) => {}
                    }
                });
            }
        });
        Self {
            url: by_way_of(url, &directory),
            is_armed,
            is_down,
            directory,
        }
    }

    /// The next commit is carried out, and nobody is told.
    pub(super) fn lose_next_answer(&self) {
        self.is_armed.store(true, Ordering::SeqCst);
    }

    /// Whether every connection breaks, those that are there and those that will be made.
    pub(super) fn set_down(&self, is_down: bool) {
        self.is_down.send_replace(is_down);
    }

    pub(super) fn has_lost_it(&self) -> bool {
        !self.is_armed.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn by_way_of(url: &str, directory: &Path) -> String {
    let (start, _) = url.split_once("host=").expect("the socket is named");
    format!("{start}host={}", directory.display())
}

/// Until one side hangs up.
async fn pass(client: UnixStream, server: UnixStream, is_armed: Arc<AtomicBool>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let is_lost = Arc::new(AtomicBool::new(false));
    tokio::select! {
        () = requests(from_client, to_server, &is_armed, &is_lost) => {}
        () = answers(from_server, to_client, &is_lost) => {}
    }
}

async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    is_armed: &AtomicBool,
    is_lost: &AtomicBool,
) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let is_commit = buffer[..count]
            .windows(COMMIT.len())
            .any(|part| part == COMMIT);
        if is_commit && is_armed.swap(false, Ordering::SeqCst) {
            is_lost.store(true, Ordering::SeqCst);
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// Hangs up instead of passing on the answer that is to be lost.
async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, is_lost: &AtomicBool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if is_lost.load(Ordering::SeqCst) || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
