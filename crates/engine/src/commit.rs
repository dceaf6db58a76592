//! A whole commit at once: every Application in it, rendered and checked. What a push is refused
//! by, and what `kedge validate` runs.

use crate::application::{self, Found};
use crate::render::{self, Place};
use crate::sops::Sealed;
use crate::tree::{Reads, Recorder};
use crate::validate::{self, Rendered};
use crate::{Kinds, Manifest, Problems, Tree};

/// One Application of a commit, and the objects it asks for.
#[derive(Debug, Clone)]
pub struct Part {
    pub found: Found,
    /// Empty for an Application whose manifests are in another repository.
    pub manifests: Vec<Manifest>,
    /// The encrypted files among those that were read.
    pub sealed: Sealed,
    /// What the render read: as long as it holds, the same comes out.
    pub reads: Reads,
}

/// Renders every Application found below `root`.
///
/// # Errors
/// Everything wrong with the commit that can be said without a cluster.
pub fn read(tree: &dyn Tree, root: &str, kinds: &Kinds) -> Result<Vec<Part>, Problems> {
    let found = application::find(tree, root)?;
    let mut problems = Vec::new();
    let mut parts = Vec::new();
    let first: Vec<_> = found.iter().map(|it| part(tree, it, kinds)).collect();
    // What one Application defines, the others may use.
    let objects = first.iter().flatten().flat_map(|part| &part.manifests);
    let kinds = kinds.with_definitions(objects.map(|it| &it.object));
    for (found, first) in found.iter().zip(first) {
        match first.or_else(|_| part(tree, found, &kinds)) {
            Ok(part) => parts.push(part),
            Err(more) => problems.extend(more.0),
        }
    }
    let rendered: Vec<Rendered> = parts
        .iter()
        .map(|part| Rendered {
            application: &part.found.application.name,
            manifests: &part.manifests,
        })
        .collect();
    problems.extend(validate::commit(&kinds, &found, &rendered).0);
    Problems(problems).or(parts)
}

/// Renders one Application.
pub fn part(tree: &dyn Tree, found: &Found, kinds: &Kinds) -> Result<Part, Problems> {
    let application = &found.application;
    let recorder = Recorder::new(tree);
    let here = application.sources().filter(|it| it.repo.is_empty());
    let places: Vec<Place> = here
        .map(|source| Place {
            tree: &recorder,
            source,
            name: "",
        })
        .collect();
    let rendered = render::places(&places, kinds, &application.target_namespace)?;
    Ok(Part {
        found: found.clone(),
        manifests: rendered.manifests,
        sealed: rendered.sealed,
        reads: recorder.into_reads(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::MapTree;

    #[test]
    fn reads_all_applications_or_names_everything_wrong() {
        let application = |name: &str| {
            format!(
                "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\n\
                 spec: {{source: {{path: {name}}}, targetNamespace: shop}}\n"
            )
        };
        let config = |field: &str| {
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\n{field}: {{}}\n")
        };
        let tree = MapTree::default()
            .with_file("apps/web.yaml", application("web"))
            .with_file("apps/db.yaml", application("db"))
            .with_file("web/a.yaml", config("data"));
        let broken = tree.clone().with_file("db/a.yaml", config("dat"));
        let problems = read(&broken, "", &Kinds::served()).unwrap_err();
        assert_eq!(
            problems.summary(),
            "db/a.yaml:4:1: unknown field \"dat\" in ConfigMap c, did you mean \"data\"?"
        );
        let shared = tree.clone().with_file("db/a.yaml", config("data"));
        let problems = read(&shared, "", &Kinds::served()).unwrap_err();
        assert_eq!(
            problems.summary(),
            "web/a.yaml:1: ConfigMap shop/c is in application web and in application db, \
             the other one is at db/a.yaml:1"
        );
        let fine = tree.with_file("db/a.yaml", config("data").replace("name: c", "name: d"));
        let parts = read(&fine, "", &Kinds::served()).unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].manifests[0].object.namespace(), "shop");
    }
}
