//! Against the real programs.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::*;

/// A directory that goes away with the test, and the server in it as well.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("kedge-embedded-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    fn options(&self) -> Options {
        Options {
            profile: Profile::Fast,
            ..Options::new(self.0.join("postgres"), self.0.join("elsewhere"))
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn kill(pid: u32) {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -KILL {pid}")])
        .status()
        .await;
    assert!(status.unwrap().success());
}

async fn has(server: &Server, database: &str) -> bool {
    wire::execute(server.directory(), database, "select 1")
        .await
        .is_ok()
}

#[tokio::test]
async fn it_outlives_its_parent_and_survives_its_own_crash() {
    let scratch = Scratch::new("life");
    let options = scratch.options().with_database("kedge");
    let server = Server::start(options.clone()).await.unwrap();
    let first = server.pid().unwrap();
    assert!(has(&server, "kedge").await);

    // The parent forgets it, as if it had crashed; the next start finds it.
    drop(server);
    let mut server = Server::start(options.clone()).await.unwrap();
    assert_eq!(server.pid(), Some(first));

    // The server itself crashes; its pid file stays behind.
    kill(first).await;
    server.exited().await;
    let server = server.restart().await.unwrap();
    assert_ne!(server.pid(), Some(first));
    assert!(has(&server, "kedge").await);
    server.stop().await.unwrap();

    // A pid file whose pid now belongs to somebody else.
    let stale = format!("{}\n/x\n1\n5432\n/x\n\n", std::process::id());
    fs::write(scratch.0.join("postgres/data/postmaster.pid"), stale).unwrap();
    let server = Server::start(options).await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn it_comes_back_once_the_sessions_of_the_killed_one_are_gone() {
    let scratch = Scratch::new("lingering");
    // By who watched it, and by a process that knows nothing of that.
    for knows in [true, false] {
        let mut server = Server::start(scratch.options()).await.unwrap();
        let first = server.pid().unwrap();
        let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
        let lingering = children.split_whitespace().next().unwrap().to_owned();
        let signal = async |name: &str| {
            let mut command = tokio::process::Command::new("kill");
            command.args([name, &lingering]).status().await.unwrap();
        };
        signal("-STOP").await;
        kill(first).await;
        server.exited().await;
        let options = scratch.options();
        let again = async move {
            if knows {
                return server.restart().await;
            }
            drop(server);
            Server::start(options).await
        };
        let mut again = std::pin::pin!(again);
        let early = tokio::time::timeout(Duration::from_secs(1), &mut again).await;
        assert!(early.is_err(), "its memory is in use");
        signal("-CONT").await;
        again.await.unwrap().stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_directory_that_its_user_cannot_reach_is_replaced() {
    let scratch = Scratch::new("reach");
    let hidden = scratch.0.join("home");
    fs::create_dir(&hidden).unwrap();
    fs::set_permissions(&hidden, Permissions::from_mode(0o700)).unwrap();
    let mut options = scratch.options();
    options.directory = hidden.join("postgres");
    let server = Server::start(options.clone()).await.unwrap();
    let directory = server.directory().to_owned();
    server.stop().await.unwrap();
    if account::choose().unwrap().is_none() {
        // Without root the server is this user, who can reach it.
        assert_eq!(directory, options.directory);
        return;
    }
    assert_eq!(directory, options.fallback);
    assert!(!options.directory.exists());

    fs::set_permissions(&hidden, Permissions::from_mode(0o755)).unwrap();
    let server = Server::start(options.clone()).await.unwrap();
    assert_eq!(
        server.directory(),
        options.fallback,
        "data stays where it is"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_failed_start_says_why() {
    let scratch = Scratch::new("fail");
    let data = scratch.0.join("postgres/data");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("PG_VERSION"), "7\n").unwrap();
    let error = Server::start(scratch.options()).await.err().unwrap();
    assert!(
        error.to_string().contains("was made by PostgreSQL 7"),
        "{error}"
    );

    let mut options = scratch.options();
    let long = Path::new("/tmp").join("x".repeat(120));
    (options.directory, options.fallback) = (long.clone(), long);
    let error = Server::start(options).await.err().unwrap();
    assert!(matches!(error, Error::SocketPath { .. }), "{error}");
}

#[tokio::test]
async fn tests_get_databases_of_their_own() {
    let prepare = |url: String| async move {
        assert!(url.contains("building_"), "{url}");
        Ok::<_, Error>(())
    };
    let first = testing::database("self", prepare).await;
    let second = testing::database("self", prepare).await;
    assert_ne!(first, second);
}
