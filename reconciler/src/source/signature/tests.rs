//! Real signatures of real programs: `ssh-keygen` and `gpg`, as Git uses them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::source::Location;
use crate::testing::Directory;

/// A repository, and people who sign in it.
struct Place {
    directory: Directory,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            directory: Directory::new(),
        };
        fs::create_dir(place.at("work")).unwrap();
        fs::create_dir(place.at("gpg")).unwrap();
        place.run("chmod", &["700", "../gpg"]);
        place.run("git", &["init", "-q", "-b", "main"]);
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn run(&self, program: &str, line: &[&str]) -> String {
        let output = Command::new(program)
            .args(line)
            .current_dir(self.at("work"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_NAME", "Ann")
            .env("GIT_AUTHOR_EMAIL", "ann@example.org")
            .env("GIT_COMMITTER_NAME", "Ann")
            .env("GIT_COMMITTER_EMAIL", "ann@example.org")
            .env("GNUPGHOME", self.at("gpg"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {line:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn ssh_key(&self, name: &str) -> String {
        let path = self.at(name);
        let path = path.to_str().unwrap();
        self.run(
            "ssh-keygen",
            &["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path],
        );
        fs::read_to_string(format!("{path}.pub")).unwrap()
    }

    fn gpg_key(&self, name: &str) -> String {
        let person = format!("{name} <{name}@example.org>");
        let line = [
            "--batch",
            "--passphrase",
            "",
            "--quick-generate-key",
            &person,
            "ed25519",
            "sign",
        ];
        self.run("gpg", &line);
        self.run("gpg", &["--armor", "--export", &person])
    }

    /// Git with somebody's key to sign with.
    fn git(&self, signer: &str, line: &[&str]) {
        let (format, key) = match signer.split_once(':') {
            Some(("ssh", name)) => ("ssh", self.at(name).display().to_string()),
            Some((_, name)) => ("openpgp", format!("{name}@example.org")),
            None => ("openpgp", String::new()),
        };
        let (format, key) = (
            format!("gpg.format={format}"),
            format!("user.signingKey={key}"),
        );
        self.run("git", &[&["-c", &format, "-c", &key], line].concat());
    }

    fn commit(&self, signer: &str) -> CommitId {
        let sign = if signer.is_empty() {
            "--no-gpg-sign"
        } else {
            "-S"
        };
        self.git(signer, &["commit", "-q", "--allow-empty", sign, "-m", "x"]);
        CommitId(self.run("git", &["rev-parse", "HEAD"]))
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Repository) -> Result<T, Error> + Send + 'static,
    ) -> T {
        let location = Location::new(self.at("work/.git"));
        location.read(read).await.unwrap()
    }

    async fn said(&self, signed: &Signed, trust: &Trust) -> String {
        let env = client::Env::system();
        let place = self.at("verify");
        let said = verify(signed, trust, place.clone(), &env).await.unwrap();
        assert!(!place.exists());
        said.map_or_else(|why| why.to_string(), |signer| signer.name)
    }
}

impl Drop for Place {
    /// The agent that made the keys goes with them.
    fn drop(&mut self) {
        let mut ending = Command::new("gpgconf");
        let _ended = ending
            .args(["--kill", "all"])
            .env("GNUPGHOME", self.at("gpg"))
            .status();
    }
}

fn trust(texts: &[&str]) -> Trust {
    let values = texts.iter().map(|text| ("a", text.as_bytes()));
    Trust::from_values("test", values).unwrap()
}

#[tokio::test]
async fn tells_who_signed_a_commit_or_a_tag() {
    let place = Place::new();
    let (ann, _eve) = (place.ssh_key("ann"), place.ssh_key("eve"));
    let (bob, carl) = (place.gpg_key("bob"), place.gpg_key("carl"));
    let signers = format!("# who may sign\nann@example.org {ann}");
    let all = trust(&[&signers, &bob]);
    let check = async |signer: &str, trust: &Trust, expected: &str| {
        let id = place.commit(signer);
        let signed = place.read(move |git| git.signed_commit(&id)).await;
        assert_eq!(place.said(&signed, trust).await, expected, "{signer}");
        signed
    };
    let by_ann = check("ssh:ann", &all, "ann@example.org").await;
    let by_bob = check("gpg:bob", &all, "bob <bob@example.org>").await;
    check("", &all, "is not signed").await;
    let stranger = "is signed with an SSH key, which is not among the trusted keys";
    check("ssh:eve", &all, stranger).await;
    check("ssh:ann", &trust(&[&bob]), stranger).await;
    let by_carl = check(
        "gpg:carl",
        &trust(&[&bob, &carl]),
        "carl <carl@example.org>",
    )
    .await;
    let untrusted = place.said(&by_carl, &all).await;
    assert!(
        untrusted.starts_with("is signed with OpenPGP key "),
        "{untrusted}"
    );
    for signed in [by_ann, by_bob] {
        let mut other = signed.clone();
        other.content.extend(b"more");
        assert_eq!(
            place.said(&other, &all).await,
            "was changed after it was signed"
        );
    }

    place.git("ssh:ann", &["tag", "-s", "-m", "one", "v1.0.0"]);
    place.git("gpg:bob", &["tag", "-s", "-m", "two", "v2.0.0"]);
    place.git("", &["tag", "-a", "-m", "three", "v3.0.0"]);
    place.git("", &["tag", "v4.0.0"]);
    for (tag, expected) in [
        ("v1.0.0", "ann@example.org"),
        ("v2.0.0", "bob <bob@example.org>"),
        ("v3.0.0", "is not signed"),
        ("v4.0.0", "is not signed"),
    ] {
        let signed = place.read(move |git| git.signed_tag(tag)).await.unwrap();
        assert_eq!(place.said(&signed, &all).await, expected, "{tag}");
    }
    assert_eq!(place.read(|git| git.signed_tag("none")).await, None);
    let named = place.read(|git| git.tag_of("*")).await;
    assert_eq!(named.as_deref(), Some("v4.0.0"));
}

#[tokio::test]
async fn new_commits_are_those_that_are_not_below_the_last() {
    let place = Place::new();
    let ids: Vec<CommitId> = (0..3).map(|_| place.commit("")).collect();
    let check = async |old: Option<&CommitId>, expected: &[&CommitId]| {
        let (old, new) = (old.cloned(), ids[2].clone());
        let added = place.read(move |git| git.added(old.as_ref(), &new)).await;
        assert_eq!(added.iter().collect::<Vec<_>>(), expected);
    };
    check(Some(&ids[0]), &[&ids[2], &ids[1]]).await;
    check(Some(&ids[2]), &[]).await;
    check(None, &[&ids[2]]).await;
    check(Some(&CommitId("a".repeat(40))), &[&ids[2]]).await;
}

#[test]
fn says_what_is_no_trusted_key() {
    let check = |text: &str, expected: &str| {
        let read = Trust::from_values(Path::new("keys"), [("a", text.as_bytes())]);
        let said = read.unwrap_err().to_string();
        assert_eq!(
            said,
            format!("the trusted keys in keys cannot be used: {expected}")
        );
    };
    check("", "it holds no key");
    check(
        "ssh-ed25519 AAAA ann",
        "line 1 of a is neither an OpenPGP key nor of the form WHO KEY-TYPE KEY",
    );
    check(
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "a holds a private key",
    );
}
