//! Against real repositories of this machine, made with libgit2.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use client::Env;
use engine::tree::{Node, Reader, Recorder, Tree};

use crate::history::Trigger;
use crate::source::*;
use crate::testing::{Directory, commit};

fn bare(directory: &Directory) -> PathBuf {
    let path = directory.path().join("origin.git");
    git2::Repository::init_opts(
        &path,
        git2::RepositoryInitOptions::new()
            .bare(true)
            .initial_head("main"),
    )
    .unwrap();
    path
}

#[tokio::test]
async fn reads_files_links_and_absences_of_a_commit() {
    let directory = Directory::new();
    let path = bare(&directory);
    let files = BTreeMap::from([
        ("apps/web.yaml", "a: 1\n"),
        ("web/deep/one.yaml", "b: 2\n"),
        ("link@", "web/deep"),
    ]);
    let id = commit(&path, "main", "First\n\nMore.", &files);
    let source = Source::hosted(&path);
    let head = source.head("main").await.unwrap().unwrap();
    assert_eq!(head, id);
    assert_eq!(source.head("other").await.unwrap(), None);
    assert_eq!(source.resolve(&id.0[..8]).await.unwrap(), Some(id.clone()));
    assert_eq!(source.resolve("nothing").await.unwrap(), None);
    assert_eq!(source.resolve("main~1").await.unwrap(), None);
    let commit = source.commit(&id).await.unwrap();
    assert_eq!(
        (commit.subject(), commit.author.name.as_str()),
        ("First", "Ann")
    );

    let repository = Repository::open(&source.location).unwrap();
    let tree = repository.tree(&id).unwrap();
    let names = |node| match node {
        Node::Directory(entries) => entries.into_iter().map(|entry| entry.name).collect(),
        other => vec![format!("{other:?}")],
    };
    assert_eq!(names(tree.node("").unwrap()), ["apps", "link", "web"]);
    assert_eq!(names(tree.node("web").unwrap()), ["deep"]);
    assert_eq!(tree.node("web/none").unwrap(), Node::Absent);
    assert_eq!(tree.node("apps/web.yaml/x").unwrap(), Node::Absent);
    let reader = Reader::new(&tree);
    let through = reader.file("link/one.yaml").unwrap().unwrap();
    assert_eq!(&*through, b"b: 2\n");
}

#[tokio::test]
async fn what_was_read_holds_until_it_changes() {
    let directory = Directory::new();
    let path = bare(&directory);
    let first = BTreeMap::from([("web/a.yaml", "a"), ("api/b.yaml", "b")]);
    let first = commit(&path, "main", "1", &first);
    let unrelated = BTreeMap::from([("web/a.yaml", "a"), ("api/b.yaml", "changed")]);
    let unrelated = commit(&path, "main", "2", &unrelated);
    let more = BTreeMap::from([("web/a.yaml", "a"), ("web/c.yaml", "c")]);
    let more = commit(&path, "main", "3", &more);

    let repository = Repository::open(&Location::new(&path)).unwrap();
    let tree = repository.tree(&first).unwrap();
    let recorder = Recorder::new(&tree);
    for path in ["web", "web/a.yaml", "web/none"] {
        recorder.node(path).unwrap();
    }
    let reads = recorder.into_reads();
    let holds = |id| reads.hold_in(&repository.tree(id).unwrap()).unwrap();
    assert!(holds(&first) && holds(&unrelated));
    assert!(!holds(&more));
    assert!(repository.stands_on(&more, &first).unwrap());
    assert!(!repository.stands_on(&first, &more).unwrap());
}

#[tokio::test]
async fn a_mirror_follows_its_origin() {
    let directory = Directory::new();
    let path = bare(&directory);
    let first = commit(&path, "main", "1", &BTreeMap::from([("a", "1")]));
    let env = Env::system();
    let url = format!("file://{}", path.display());
    let source = Source::remote(&url, &directory.path().join("mirrors"));
    source.refresh(&Access::default(), &env).await.unwrap();
    assert_eq!(source.head("main").await.unwrap(), Some(first.clone()));
    assert_eq!(source.resolve("").await.unwrap(), Some(first));

    let waker = Waker::default();
    let mut polling = Polling::new(&source, Duration::from_hours(1), &waker, &env);
    let second = commit(&path, "main", "2", &BTreeMap::from([("a", "2")]));
    assert_eq!(polling.next().await, Trigger::Notify);
    source.refresh(&Access::default(), &env).await.unwrap();
    assert_eq!(source.head("main").await.unwrap(), Some(second));

    fs::remove_dir_all(&path).unwrap();
    let error = source.refresh(&Access::default(), &env).await.unwrap_err();
    let text = format!("there is no directory {}", path.display());
    assert_eq!(error.to_string(), text);
    polling.looked(false);
    waker.wake(Trigger::Webhook);
    assert!(matches!(
        polling.next().await,
        Trigger::Webhook | Trigger::Notify
    ));
}

/// Everything that Git itself would take for a commit of a bare repository.
#[tokio::test]
async fn revisions_are_what_git_takes_for_them() {
    let directory = Directory::new();
    let path = bare(&directory);
    let files = |text| BTreeMap::from([("a", text)]);
    let one = commit(&path, "main", "one", &files("1"));
    let two = commit(&path, "main", "two", &files("2"));
    let three = commit(&path, "main", "three", &files("3"));
    let side = commit(&path, "team/side", "side", &files("4"));
    let origin = git2::Repository::open_bare(&path).unwrap();
    let object = origin.revparse_single(&two.0).unwrap();
    let tagger = git2::Signature::now("Ann", "ann@example.org").unwrap();
    origin
        .tag("v1", &object, &tagger, "The first", false)
        .unwrap();
    origin.tag_lightweight("light", &object, false).unwrap();

    let hosted = Source::hosted(&path);
    let mirrors = directory.path().join("mirrors");
    let watched = Source::remote(&path.to_string_lossy(), &mirrors);
    watched
        .refresh(&Access::default(), &Env::system())
        .await
        .unwrap();
    let checks = [
        ("main", Some(&three)),
        ("team/side", Some(&side)),
        ("heads/main", Some(&three)),
        ("refs/heads/team/side", Some(&side)),
        ("HEAD", Some(&three)),
        ("@", Some(&three)),
        ("HEAD~1", Some(&two)),
        ("HEAD^", Some(&two)),
        ("HEAD~2", Some(&one)),
        ("main~2", Some(&one)),
        ("main^^", Some(&one)),
        ("v1", Some(&two)),
        ("v1~1", Some(&one)),
        ("v1^{commit}", Some(&two)),
        ("refs/tags/light", Some(&two)),
        (&one.0[..7], Some(&one)),
        (&two.0, Some(&two)),
        (":/two", Some(&two)),
        ("main^{/one}", Some(&one)),
        ("HEAD~3", None),
        ("nothing", None),
        ("main:a", None),
        ("main^{tree}", None),
        ("main..v1", None),
        ("main^2", None),
        ("HEAD@{7}", None),
        ("main@{upstream}", None),
        ("main^{", None),
        ("~", None),
        ("..", None),
        ("-1", None),
        (" ", None),
        ("a\0b", None),
    ];
    for (revision, expected) in checks {
        for source in [&hosted, &watched] {
            let found = source.resolve(revision).await;
            let found = found.unwrap_or_else(|error| panic!("{revision:?}: {error:?}"));
            assert_eq!(found.as_ref(), expected, "{revision:?} in {}", source.name);
        }
    }
}

#[test]
fn passwords_are_not_shown() {
    let check = |url: &str, expected: &str| assert_eq!(mirror::shown(url), expected);
    check(
        "https://ann:secret@example.org/a.git",
        "https://example.org/a.git",
    );
    check("https://example.org/a@b", "https://example.org/a@b");
    check("git@example.org:a.git", "git@example.org:a.git");
    check("/srv/a.git", "/srv/a.git");
    let notify = Arc::new(tokio::sync::Notify::new());
    let remote = Source::remote("https://example.org", "/x".as_ref());
    assert!(remote.notifier(&notify).is_none());
}

#[tokio::test]
async fn ranges_take_the_newest_tag_and_any_ref_can_be_followed() {
    let directory = Directory::new();
    let path = bare(&directory);
    let files = |text| BTreeMap::from([("a", text)]);
    let origin = git2::Repository::open_bare(&path).unwrap();
    let tagged = |tag: &'static str| {
        let id = commit(&path, "main", tag, &files(tag));
        let object = origin.revparse_single(&id.0).unwrap();
        origin.tag_lightweight(tag, &object, false).unwrap();
        id
    };
    let (one, two, other) = (tagged("v1.2.0"), tagged("v1.10.0"), tagged("web/v1.3.0"));
    let pull = commit(&path, "pull", "Pull", &files("pull"));
    let object = origin.revparse_single(&pull.0).unwrap().id();
    origin
        .reference("refs/pull/7/head", object, true, "")
        .unwrap();
    let mut branch = origin.find_reference("refs/heads/pull").unwrap();
    branch.delete().unwrap();

    let mirrors = directory.path().join("mirrors");
    let source = Source::remote(&path.to_string_lossy(), &mirrors);
    let (access, env) = (Access::default(), Env::system());
    for (name, is_new) in [
        ("refs/pull/7/head", true),
        ("refs/pull/7/head", false),
        ("refs/pull/8/head", true),
        ("refs/heads/main", false),
        ("refs/a..b", false),
        ("main", false),
    ] {
        assert_eq!(source.follow_ref(name), is_new, "{name}");
    }
    source.refresh(&access, &env).await.unwrap();
    let checks = [
        ("1.x", Some(&two)),
        ("~1.2", Some(&one)),
        ("web/^1", Some(&other)),
        (">=2", None),
        ("refs/pull/7/head", Some(&pull)),
        ("refs/pull/8/head", None),
        ("1.2", None),
    ];
    for (revision, expected) in checks {
        let found = source.resolve(revision).await.unwrap();
        assert_eq!(found.as_ref(), expected, "{revision}");
    }
}

#[tokio::test]
async fn a_submodule_says_what_it_is() {
    let directory = Directory::new();
    let path = bare(&directory);
    let id = commit(&path, "main", "One", &BTreeMap::from([("web/a", "1")]));
    let origin = git2::Repository::open_bare(&path).unwrap();
    let inner = origin.revparse_single("main:web").unwrap().id();
    let mut root = origin.treebuilder(None).unwrap();
    root.insert("web", inner, 0o040_000).unwrap();
    let elsewhere = git2::Oid::from_str(&id.0).unwrap();
    root.insert("library", elsewhere, 0o160_000).unwrap();
    let tree = origin.find_tree(root.write().unwrap()).unwrap();
    let author = git2::Signature::now("Ann", "ann@example.org").unwrap();
    let parent = origin.find_commit(elsewhere).unwrap();
    let id = origin.commit(None, &author, &author, "Two", &tree, &[&parent]);
    let id = commit_id(id.unwrap());
    let repository = Repository::open(&Location::new(&path)).unwrap();
    let tree = repository.tree(&id).unwrap();
    let reader = Reader::new(&tree);
    assert!(reader.directory("web").unwrap().is_some());
    for path in ["library", "library/x.yaml"] {
        let error = reader.node(path).unwrap_err().to_string();
        let text = "library: is a submodule, and what is in other repositories is not read";
        assert_eq!(error, text);
    }
}

#[test]
fn a_line_came_with_the_commit_that_wrote_it() {
    let directory = Directory::new();
    let path = bare(&directory);
    let file = |text| BTreeMap::from([("web.yaml", text)]);
    let first = commit(&path, "main", "1", &file("a: 1\nb: 2\n"));
    let second = commit(&path, "main", "2", &file("a: 1\nb: 3\n"));
    let raw = git2::Repository::open_bare(&path).unwrap();
    let tip = git2::Oid::from_str(&second.0).unwrap();
    raw.reference("refs/heads/try", tip, false, "").unwrap();
    let branch = commit(&path, "try", "3", &file("a: 1\nb: 4\n"));
    let third = commit(&path, "main", "4", &file("c: 0\na: 1\nb: 3\n"));

    let repository = Repository::open(&Location::new(&path)).unwrap();
    let came = |at, line| repository.blame(at, "web.yaml", line).unwrap();
    assert_eq!(came(&second, 1), Some(first.clone()));
    assert_eq!(came(&second, 2), Some(second.clone()));
    assert_eq!(came(&third, 1), Some(third.clone()));
    // It moved, and nobody wrote it anew.
    assert_eq!(came(&third, 3), Some(second.clone()));
    assert_eq!(came(&third, 9), None);
    assert_eq!(repository.blame(&third, "none.yaml", 1).unwrap(), None);
    let base = repository.merge_base(&third, &branch).unwrap();
    assert_eq!(base, Some(second));
}

#[tokio::test]
async fn what_several_commits_begin_with_is_said_of_each() {
    let directory = Directory::new();
    let path = bare(&directory);
    let none: BTreeMap<&str, &str> = BTreeMap::new();
    let one = commit(&path, "main", "0", &none);
    // Four digits are soon the beginning of two of them.
    let mut seen = BTreeMap::from([(one.0[..4].to_owned(), one)]);
    let (beginning, both) = (1..)
        .find_map(|count: u32| {
            let id = commit(&path, "main", &count.to_string(), &none);
            let beginning = id.0[..4].to_owned();
            let before = seen.insert(beginning.clone(), id.clone())?;
            Some((beginning, [before, id]))
        })
        .unwrap();
    let source = Source::hosted(&path);
    assert_eq!(source.resolve(&beginning).await.unwrap(), None);
    let repository = Repository::open(&source.location).unwrap();
    let found = repository.beginning_with(&beginning).unwrap();
    assert_eq!(found, both.clone().into());
    assert!(
        repository
            .beginning_with(&both[0].0[..30])
            .unwrap()
            .is_empty()
    );
    assert!(repository.beginning_with("main").unwrap().is_empty());
}
