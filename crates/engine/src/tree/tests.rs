use super::*;

#[test]
fn joins_inside_the_tree_only() {
    let check = |base, relative, expected: Option<&str>| {
        assert_eq!(
            path::join(base, relative).as_deref(),
            expected,
            "{base} + {relative}"
        );
    };
    check("apps/web", "deploy.yaml", Some("apps/web/deploy.yaml"));
    check("apps/web", "../../base", Some("base"));
    check("apps/web", "./x//y/.", Some("apps/web/x/y"));
    check("apps", "..", Some(""));
    check("apps", "../..", None);
    check("", "..", None);
    check("apps", "/etc/passwd", None);
}

#[test]
fn follows_links_inside_and_refuses_them_outside() {
    let tree = MapTree::default()
        .with_file("base/web/a.yaml", "a")
        .with_symlink("apps/web", "../base/web")
        .with_symlink("apps/one.yaml", "web/a.yaml")
        .with_symlink("apps/out", "../../secret")
        .with_symlink("apps/round", "round");
    let reader = Reader::new(&tree);
    assert_eq!(
        reader.file("apps/web/a.yaml").unwrap().as_deref(),
        Some(&b"a"[..])
    );
    assert_eq!(
        reader.file("apps/one.yaml").unwrap().as_deref(),
        Some(&b"a"[..])
    );
    assert_eq!(reader.directory("apps/web").unwrap().unwrap().len(), 1);
    assert_eq!(reader.file("apps/none/a.yaml").unwrap(), None);
    assert!(matches!(
        reader.file("apps/out"),
        Err(Error::Outside { .. })
    ));
    assert!(matches!(
        reader.file("apps/out/x"),
        Err(Error::Outside { .. })
    ));
    assert!(matches!(reader.file("apps/round"), Err(Error::Loop { .. })));
}

#[test]
fn a_recording_holds_until_something_read_changes() {
    let tree = MapTree::default()
        .with_file("a/one.yaml", "1")
        .with_file("b/two.yaml", "2");
    let recorder = Recorder::new(&tree);
    let reader = Reader::new(&recorder);
    reader.file("a/one.yaml").unwrap();
    reader.file("a/absent.yaml").unwrap();
    reader.directory("b").unwrap();
    let reads = recorder.into_reads();
    assert!(reads.hold_in(&tree).unwrap());
    assert!(reads.hold_in(&tree.clone().with_file("c", "new")).unwrap());
    assert!(
        reads
            .hold_in(&tree.clone().with_file("b/two.yaml", "changed, never read"))
            .unwrap()
    );
    for changed in [
        tree.clone().with_file("a/one.yaml", "changed"),
        tree.clone().with_file("a/absent.yaml", "now there"),
        tree.clone().with_file("b/three.yaml", "one more name"),
    ] {
        assert!(!reads.hold_in(&changed).unwrap());
    }
}

#[test]
fn a_pointer_to_elsewhere_is_no_content() {
    let text = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n";
    let tree = MapTree::default().with_file("web/big.yaml", text);
    let error = Reader::new(&tree).file("web/big.yaml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "web/big.yaml: is a pointer to Git LFS, and what it points to is not in the commit"
    );
}
