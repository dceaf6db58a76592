//! What is said before anything starts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use client::Env;

use super::servers::{Https, Sshd};
use crate::source::{Access, Probe, Source, Wish, mirrors, probe};
use crate::testing::{Directory, commit};

async fn said(url: &str, branch: &str, root: &str, place: (&Directory, Option<&Path>)) -> String {
    let wish = Wish {
        url,
        credentials: place.1,
        branch,
        root,
    };
    match probe(&wish, &place.0.path().join("data"), &Env::system()).await {
        Ok(Probe::Fine) => String::new(),
        Ok(Probe::Away(error)) => format!("away: {error}"),
        Err(error) => error.to_string(),
    }
}

fn fill(path: &Path) {
    git2::Repository::init_bare(path).unwrap();
    commit(path, "main", "One", &BTreeMap::from([("deploy/a", "a")]));
    commit(path, "dev", "One", &BTreeMap::from([("b", "b")]));
}

fn write(directory: &Path, values: &[(&str, &str)]) {
    let _old = fs::remove_dir_all(directory);
    fs::create_dir_all(directory).unwrap();
    for (name, value) in values {
        fs::write(directory.join(name), value).unwrap();
    }
}

#[tokio::test]
async fn of_a_repository_of_this_machine() {
    let directory = Directory::new();
    let path = directory.path().join("x.git");
    let url = path.display().to_string();
    let check = async |branch: &str, root: &str, expected: &str| {
        let said = said(&url, branch, root, (&directory, None)).await;
        assert_eq!(said, expected.replace("URL", &url));
    };
    check("main", ".", "there is no directory URL").await;
    fs::create_dir(&path).unwrap();
    check("main", ".", "URL is not a Git repository").await;
    git2::Repository::init_bare(&path).unwrap();
    check("main", ".", "").await;
    fill(&path);
    check("main", ".", "").await;
    check("main", "deploy", "").await;
    let mian = "there is no branch mian in URL: it has dev, main";
    check("mian", ".", mian).await;
    let nowhere = |root: &str| format!("there is no directory {root} in branch main of URL");
    for root in ["dev", "../x", "deploy/a"] {
        check("main", root, &nowhere(root)).await;
    }

    // Fetched once, it is asked all the same; while it is away, what was fetched answers.
    let source = Source::remote(&url, &mirrors(&directory.path().join("data")));
    let fetched = source.refresh(&Access::default(), &Env::system()).await;
    fetched.unwrap();
    check("mian", ".", mian).await;
    fs::remove_dir_all(&path).unwrap();
    check("main", "deploy", "away: there is no directory URL").await;
    check("mian", ".", mian).await;
    check("main", "dev", &nowhere("dev")).await;
}

#[tokio::test]
async fn of_a_repository_elsewhere() {
    let directory = Directory::new();
    fill(&directory.path().join("origin.git"));
    let server = Https::serve(&directory).await;
    let (url, host) = (server.url(), server.host.clone());
    let keys = directory.path().join("keys");
    let check = async |branch: &str, root: &str, expected: &str| {
        let said = said(&url, branch, root, (&directory, Some(&keys))).await;
        let said = said.replace("githubAppBaseURL", "githubAppBase");
        let expected = expected.replace("URL", &url).replace("HOST", &host);
        assert_eq!(said, expected);
    };
    let ca = ("ca.crt", server.authority.certificate_pem());
    write(&keys, &[]);
    let place = keys.display();
    let names = "username, password, bearerToken, ca.crt, tls.crt, tls.key, identity, passphrase, \
                 known_hosts, githubAppID, githubAppInstallationID, githubAppPrivateKey, \
                 githubAppBase";
    let none =
        format!("the credentials in {place} cannot be used: it has none of the files {names}");
    check("main", ".", &none).await;
    write(&keys, &[ca, ("password", "wrong")]);
    let refused = "cannot fetch URL: HOST refuses the credentials";
    check("main", ".", refused).await;
    write(&keys, &[ca, ("password", "secret\n")]);
    check("main", ".", "").await;
    check("main", "deploy", "").await;
    let mian = "there is no branch mian in URL: it has dev, main";
    check("mian", ".", mian).await;
    let nowhere = "there is no directory x in branch main of URL";
    check("main", "x", nowhere).await;

    let source = Source::remote(&url, &mirrors(&directory.path().join("data")));
    let access = Access::from_directory(&keys).unwrap();
    source.refresh(&access, &Env::system()).await.unwrap();
    check("mian", ".", mian).await;
    check("main", "x", nowhere).await;
    check("main", "deploy", "").await;
    write(&keys, &[ca, ("password", "wrong")]);
    check("main", ".", &format!("away: {refused}")).await;
    server.end().await;
    let away = "away: cannot fetch URL: HOST cannot be reached (no connection)";
    check("main", "deploy", away).await;
    check("mian", ".", mian).await;
}

#[tokio::test]
async fn of_a_repository_behind_ssh() {
    let directory = Directory::new();
    fill(&directory.path().join("origin.git"));
    let server = Sshd::serve(&directory);
    let url = server.url(&directory);
    let keys = directory.path().join("keys");
    let (key, known) = (server.key("user"), server.known("host"));
    write(&keys, &[("identity", &key), ("known_hosts", &known)]);
    let place = (&directory, Some(&*keys));
    assert_eq!(said(&url, "main", "deploy", place).await, "");
    let known = server.known("other-host");
    write(&keys, &[("identity", &key), ("known_hosts", &known)]);
    let host = format!("127.0.0.1:{}", server.port);
    let shown = url.split_once('@').unwrap().1;
    assert_eq!(
        said(&url, "main", ".", place).await,
        format!(
            "cannot fetch ssh://{shown}: the host key of {host} is another one than \
             known_hosts says"
        )
    );
}
