//! What must hold whatever a repository holds. Called with mutations of what is known.

use api::Object;
use engine::render::{self, Options, Rendered, Substitutions, kustomize};
use engine::sops::Keys;
use engine::tree::MapTree;
use engine::{Kinds, Problems, application};

/// Between the files of a repository in one text: `-- PATH`, then its lines.
const FILE: &str = "-- ";
/// The largest render of an input that is not larger than [`LARGE`], in bytes of JSON.
const RENDERED: usize = 64 << 20;
const LARGE: usize = 1 << 20;

/// Takes anything.
pub(crate) type Target = fn(&[u8]);

/// By name.
pub(crate) const ALL: [(&str, Target); 5] = [
    ("documents", documents),
    ("repository", repository),
    ("substitution", substitution),
    ("encrypted", encrypted),
    ("application", application),
];

/// Plain manifests in one file.
pub(crate) fn documents(data: &[u8]) {
    let tree = MapTree::default().with_file("app/all.yaml", data);
    render(&tree, data.len(), None);
}

/// A repository of many files, of which `app` is rendered.
pub(crate) fn repository(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let tree = tree(&text);
    render(&tree, data.len(), None);
    let once = kustomize::build(&tree, "app");
    assert_eq!(shown(&once), shown(&kustomize::build(&tree, "app")));
    if let Err(problems) = &once {
        placed(&tree, problems);
    }
}

/// Variables: `NAME=VALUE` in the first line, and a file with them in the rest.
pub(crate) fn substitution(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (head, rest) = text.split_once('\n').unwrap_or(("", &text));
    let values = head
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let strict = head.len() % 2 == 1;
    let substitutions = Substitutions { values, strict };
    let tree = MapTree::default().with_file("app/all.yaml", rest);
    render(&tree, data.len(), Some(&substitutions));
}

/// A file that says of itself that SOPS encrypted it; there is no key for it.
pub(crate) fn encrypted(data: &[u8]) {
    let names = ["secret.yaml", "values.env", "data.json", "blob.bin"];
    let name = names[data.len() % names.len()];
    let kustomization =
        format!("resources: [secret.yaml]\nsecretGenerator:\n- {{name: s, files: [{name}]}}\n");
    let tree = MapTree::default()
        .with_file("app/secret.yaml", data)
        .with_file("app/kustomization.yaml", kustomization)
        .with_file(&format!("app/{name}"), data);
    render(&tree, data.len(), None);
    let tree = MapTree::default().with_file("app/secret.yaml", data);
    if let Some(rendered) = render(&tree, data.len(), None) {
        let opened = rendered.sealed.open(&rendered.manifests, &Keys::default());
        let is_whole = rendered.sealed.is_empty();
        assert!(opened.is_err() || is_whole, "opened without a key");
    }
}

/// The definition of an Application, read as leniently as the service reads live objects.
pub(crate) fn application(data: &[u8]) {
    let tree = MapTree::default().with_file("apps/web.yaml", data);
    match application::find(&tree, "") {
        Ok(found) => {
            for found in found {
                let again = engine::Application::from_object(&found.manifest.object);
                assert_eq!(again, found.application);
            }
        }
        Err(problems) => placed(&tree, &problems),
    }
    if let Ok(documents) = api::codec::yaml::documents(&String::from_utf8_lossy(data)) {
        for document in documents.into_iter().filter(|it| it.value.is_object()) {
            let _lenient = engine::Application::from_object(&Object::from(document.value));
        }
    }
}

/// The files of a text; one that begins with no name is the kustomization.
fn tree(text: &str) -> MapTree {
    let mut tree = MapTree::default();
    let mut name = "app/kustomization.yaml";
    let mut content = String::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix(FILE) {
            Some(next) => {
                tree = tree.with_file(name, std::mem::take(&mut content));
                name = next.trim();
            }
            None => content.push_str(line),
        }
    }
    tree.with_file(name, content)
}

fn render(tree: &MapTree, size: usize, substitutions: Option<&Substitutions>) -> Option<Rendered> {
    let kinds = Kinds::served();
    let options = Options {
        kinds: &kinds,
        namespace: "shop",
        substitutions,
    };
    let once = render::render(tree, "app", &options);
    let again = render::render(tree, "app", &options);
    match (once, again) {
        (Ok(once), Ok(again)) => {
            let objects = |it: &Rendered| -> Vec<String> {
                let all = it.manifests.iter();
                all.map(|it| it.object.body.to_string()).collect()
            };
            let (once_more, objects) = (objects(&again), objects(&once));
            assert!(once_more == objects, "rendered twice, it is not the same");
            let bytes: usize = objects.iter().map(String::len).sum();
            assert!(size > LARGE || bytes <= RENDERED, "{bytes} bytes of {size}");
            Some(once)
        }
        (Err(once), Err(again)) => {
            assert_eq!(once.to_string(), again.to_string());
            placed(tree, &once);
            None
        }
        _ => panic!("rendered twice, it fails once"),
    }
}

/// Everything that is found names a file, and a line that the file has.
fn placed(tree: &MapTree, problems: &Problems) {
    use engine::Tree as _;
    assert!(!problems.0.is_empty());
    for problem in &problems.0 {
        assert!(
            !problem.message.is_empty() && !problem.file.is_empty(),
            "{problem:?}"
        );
        let Ok(engine::tree::Node::File(bytes)) = tree.node(&problem.file) else {
            continue;
        };
        let lines = bytes.split(|byte| *byte == b'\n').count();
        let line = usize::try_from(problem.line).unwrap_or(usize::MAX);
        // Old Macs' ends of lines are lines too.
        let ends = bytes.split(|byte| *byte == b'\r').count();
        assert!(line <= lines + ends, "{problem:?} of {lines} lines");
    }
}

fn shown(built: &Result<Vec<engine::Manifest>, Problems>) -> String {
    match built {
        Ok(manifests) => {
            let objects = manifests.iter().map(|it| it.object.body.to_string());
            objects.collect::<Vec<_>>().join("\n")
        }
        Err(problems) => problems.to_string(),
    }
}
