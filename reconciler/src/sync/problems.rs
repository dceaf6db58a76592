//! What the server says about an object, as a finding with file, line and field.

use api::{Object, Reason};
use engine::render::Documents;
use engine::tree::Reader;
use engine::{Manifest, Problem, Tree, diff};

/// Whether the same object will be refused again, however the cluster changes.
pub(crate) fn is_final(error: &client::Error) -> bool {
    matches!(
        error.reason(),
        Some(
            Reason::Invalid
                | Reason::BadRequest
                | Reason::RequestEntityTooLarge
                | Reason::UnsupportedMediaType
        )
    )
}

/// One finding for each field at fault, or one for the whole object.
pub fn of(tree: &dyn Tree, manifest: &Manifest, error: &client::Error) -> Vec<Problem> {
    let origin = &manifest.origin;
    let problem = |message: &str, field: &str| {
        Problem::new(&origin.file, message)
            .at(origin.line, 0)
            .object(title(&manifest.object))
            .field(field)
    };
    let client::Error::Api(status) = error else {
        return vec![problem(&error.to_string(), "")];
    };
    let problems: Vec<Problem> = if status.reason == Reason::NotFound {
        let hint = "nothing in this commit creates it";
        vec![problem(&status.message, "metadata.namespace").hint(hint)]
    } else if status.causes.is_empty() {
        let unknown = unknown_fields(&status.message).map(|field| {
            let text = format!("unknown field \"{field}\"");
            problem(&text, field)
        });
        let unknown: Vec<Problem> = unknown.collect();
        if unknown.is_empty() {
            vec![problem(&status.message, "")]
        } else {
            unknown
        }
    } else {
        let causes = status.causes.iter();
        causes
            .map(|cause| match cause.field.as_str() {
                "" => problem(&cause.message, ""),
                field => problem(&format!("{field}: {}", cause.message), field),
            })
            .collect()
    };
    match document(tree, manifest) {
        Some((file, at)) => problems
            .into_iter()
            .map(|problem| place(&file, at, problem, &manifest.object))
            .collect(),
        None => problems,
    }
}

/// The fields that a strict server says it does not know: it names them in its message alone.
fn unknown_fields(message: &str) -> impl Iterator<Item = &str> {
    let parts = message.split("unknown field \"").skip(1);
    parts.filter_map(|rest| Some(rest.split_once('"')?.0))
}

/// The file an object is from, and which of its documents it is.
fn document(tree: &dyn Tree, manifest: &Manifest) -> Option<(Documents, usize)> {
    let bytes = Reader::new(tree).file(&manifest.origin.file).ok()??;
    let file = Documents::parse(&manifest.origin.file, &bytes).ok()?;
    let line = manifest.origin.line;
    let at = file
        .documents
        .iter()
        .position(|it| it.start().line == line)?;
    Some((file, at))
}

fn place(file: &Documents, at: usize, problem: Problem, object: &Object) -> Problem {
    if problem.field.is_empty() {
        return problem;
    }
    let position = file.documents[at].nearest(&problem.field);
    let problem = problem.at(position.line, position.column);
    if diff::is_secret(object) {
        problem
    } else {
        problem.picture(&file.text)
    }
}

/// `Deployment shop/web`
pub(crate) fn title(object: &Object) -> String {
    match (object.kind(), object.namespace(), object.name()) {
        (kind, "", name) => format!("{kind} {name}"),
        (kind, namespace, name) => format!("{kind} {namespace}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use api::{Cause, Status};
    use engine::tree::MapTree;
    use engine::{Kinds, render};
    use serde_json::json;

    use super::*;

    #[test]
    fn names_file_line_and_field() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n\
                    apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  \
                    replicas: -1\n  selector: {matchLabels: {app: web}}\n";
        let tree = MapTree::default().with_file("web/a.yaml", text);
        let kinds = Kinds::served();
        let options = render::Options {
            kinds: &kinds,
            namespace: "shop",
            substitutions: None,
        };
        let manifests = render::render(&tree, "web", &options).unwrap().manifests;
        let cause = Cause::invalid("spec.replicas", &json!(-1), "must be positive");
        let status = Status::invalid("apps", "Deployment", "web", vec![cause]);
        let problems = of(&tree, &manifests[1], &status.into());
        assert_eq!(problems[0].place(), "web/a.yaml:9:3");
        assert_eq!(problems[0].object, "Deployment shop/web");
        assert_eq!(
            problems[0].message,
            "spec.replicas: Invalid value: -1: must be positive"
        );
        let strict = Status::bad_request(
            "strict decoding error: unknown field \"spec.replicas\" (did you mean \"x\"?)",
        );
        let unknown = &of(&tree, &manifests[1], &strict.into())[0];
        assert_eq!(unknown.place(), "web/a.yaml:9:3");
        assert_eq!(unknown.message, "unknown field \"spec.replicas\"");
        let whole = Status::bad_request("no");
        assert_eq!(
            of(&tree, &manifests[1], &whole.into())[0].place(),
            "web/a.yaml:5"
        );
    }
}
