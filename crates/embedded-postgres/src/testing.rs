//! For tests only: one fast server per test run, and a fresh database for every test.
//!
//! The server belongs to the run (the `cargo nextest` process, or this process under
//! `cargo test`). It ends with the run, however that ends, and takes its directory along.

use std::error::Error as StdError;
use std::fs::{self, File};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::{Error, Lifetime, Options, Profile, Server, wire};

static SERVER: OnceCell<Server> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The URL of a database that only the caller uses, a copy of the template of this name.
/// `prepare` fills the template, once per run; it must have closed its connections when it ends.
///
/// # Panics
/// Where PostgreSQL cannot be started or `prepare` fails: a test cannot go on without.
pub async fn database<P, F, E>(template: &str, prepare: P) -> String
where
    P: FnOnce(String) -> F,
    F: Future<Output = Result<(), E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let server = SERVER.get_or_init(start).await;
    let template = format!("template_{template}");
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        match copy(server, &name, &template).await {
            Ok(()) => return server.url(&name),
            // A process id may come again within one run.
            Err(Error::Refused { code, .. }) if code == "42P04" => {}
            Err(Error::Refused { code, .. }) if code == "3D000" => break,
            Err(error) => panic!("cannot create a test database: {error:?}"),
        }
    }
    make_template(server, &template, prepare).await;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    copy(server, &name, &template)
        .await
        .expect("the template was just made");
    server.url(&name)
}

/// Takes a database away that [`database`] made, whoever is connected to it: a run that makes
/// hundreds of them needs the room.
///
/// # Panics
/// Where the server does not do it.
pub async fn discard(url: &str) {
    let server = SERVER.get_or_init(start).await;
    let address = url.split('?').next().unwrap_or_default();
    let name = address.rsplit('/').next().unwrap_or_default();
    let statement = format!("drop database {} with (force)", wire::quoted(name));
    let dropped = server.execute(&statement).await;
    dropped.expect("a test database can be dropped");
}

async fn copy(server: &Server, name: &str, template: &str) -> Result<(), Error> {
    let (name, template) = (wire::quoted(name), wire::quoted(template));
    server
        .execute(&format!("create database {name} template {template}"))
        .await
}

/// Builds under another name, so that nobody copies a template that is half done.
async fn make_template<P, F, E>(server: &Server, template: &str, prepare: P)
where
    P: FnOnce(String) -> F,
    F: Future<Output = Result<(), E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let _lock = lock(server.directory()).await;
    let building = format!(
        "building_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    server
        .create_database(&building)
        .await
        .expect("cannot create a template");
    if let Err(error) = prepare(server.url(&building)).await {
        panic!("cannot prepare the template {template}: {:?}", error.into());
    }
    let (from, to) = (wire::quoted(&building), wire::quoted(template));
    match server
        .execute(&format!("alter database {from} rename to {to}"))
        .await
    {
        // Another process was faster; both made the same.
        Err(Error::Refused { code, .. }) if code == "42P04" => {}
        outcome => outcome.expect("cannot finish a template"),
    }
}

async fn start() -> Server {
    let owner = owner();
    let directory = std::env::temp_dir().join(format!("kedge-test-postgres-{owner}"));
    let _lock = lock(&directory).await;
    let options = Options {
        databases: Vec::new(),
        profile: Profile::Fast,
        lifetime: Lifetime::BoundTo(owner),
        patience: Duration::from_mins(1),
        fallback: Path::new("/tmp").join(format!("kedge-test-postgres-{owner}")),
        directory,
    };
    match Server::start(options).await {
        Ok(server) => server,
        Err(error) => panic!("tests need PostgreSQL: {error}: {error:?}"),
    }
}

/// One process of the run at a time.
async fn lock(directory: &Path) -> File {
    let path = PathBuf::from(format!("{}.lock", directory.display()));
    let locking = spawn_blocking(move || {
        let file = File::create(path)?;
        file.lock()?;
        Ok::<_, std::io::Error>(file)
    });
    locking
        .await
        .expect("locking does not panic")
        .expect("cannot lock the test server")
}

/// The process that a run is: nextest starts one process per test and outlives them all.
fn owner() -> u32 {
    let parent = std::os::unix::process::parent_id();
    let name = fs::read_to_string(format!("/proc/{parent}/comm")).unwrap_or_default();
    if name.trim() == "cargo-nextest" {
        parent
    } else {
        std::process::id()
    }
}
