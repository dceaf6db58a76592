//! Several places whose objects are one Application's.

use super::{Options, Rendered, duplicates, render};
use crate::application::Source;
use crate::{Kinds, Problems, Tree};

/// One of the places that an Application is made of.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub tree: &'a dyn Tree,
    pub source: &'a Source,
    /// What is written before the files of another repository than the first: its name and `//`.
    pub name: &'a str,
}

/// The objects of all places together. Each object is in one of them.
///
/// # Errors
/// Everything that is wrong, not only the first.
pub fn places(places: &[Place], kinds: &Kinds, namespace: &str) -> Result<Rendered, Problems> {
    let (mut all, mut problems) = (Rendered::default(), Vec::new());
    // What one place defines, those after it may use.
    let mut kinds = kinds.clone();
    for place in places {
        let options = Options {
            kinds: &kinds,
            namespace,
            substitutions: place.source.substitutions.as_ref(),
        };
        match render(place.tree, &place.source.path, &options) {
            Ok(rendered) => {
                let objects = rendered.manifests.iter().map(|it| &it.object);
                kinds = kinds.with_definitions(objects).into_owned();
                all.absorb(rendered, place.name);
            }
            Err(more) => problems.extend(more.0.into_iter().map(|mut problem| {
                problem.file = format!("{}{}", place.name, problem.file);
                problem
            })),
        }
    }
    if places.len() > 1 {
        problems.extend(duplicates(&all.manifests, &kinds));
    }
    Problems(problems).or(all)
}

impl Rendered {
    fn absorb(&mut self, other: Self, name: &str) {
        self.manifests
            .extend(other.manifests.into_iter().map(|mut manifest| {
                manifest.origin.file = format!("{name}{}", manifest.origin.file);
                manifest
            }));
        self.sealed.absorb(other.sealed, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Application;
    use crate::manifest::title;
    use crate::tree::MapTree;

    #[test]
    fn each_object_is_in_one_of_several_places() {
        let config = |name: &str| {
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{k: '${{V}}'}}\n"
            )
        };
        let body = serde_json::json!({"metadata": {"name": "web"}, "spec": {"sources": [
            {"path": "app"},
            {"repo": "far", "path": "app", "postBuild": {"substitute": {"V": "far"}}},
        ]}});
        let application = Application::from_object(&body.into());
        let (near, far) = (
            MapTree::default().with_file("app/a.yaml", config("a")),
            MapTree::default().with_file("app/a.yaml", config("b")),
        );
        let kinds = Kinds::served();
        let told = |trees: [&MapTree; 2]| {
            let sources: Vec<_> = application.sources().collect();
            let all = [
                Place {
                    tree: trees[0],
                    source: sources[0],
                    name: "",
                },
                Place {
                    tree: trees[1],
                    source: sources[1],
                    name: "far//",
                },
            ];
            let rendered = places(&all, &kinds, "shop")?;
            let told = rendered.manifests.iter().map(|it| {
                let value = it.object.text("/data/k");
                format!("{} from {}: {value}", title(&it.object), it.origin)
            });
            Ok::<_, Problems>(told.collect::<Vec<_>>().join(", "))
        };
        assert_eq!(
            told([&near, &far]).unwrap(),
            "ConfigMap shop/a from app/a.yaml:1: ${V}, ConfigMap shop/b from far//app/a.yaml:1: far"
        );
        assert_eq!(
            told([&near, &near]).unwrap_err().summary(),
            "far//app/a.yaml:1: ConfigMap shop/a is defined twice, the first one is at app/a.yaml:1"
        );
        let broken = MapTree::default().with_file("app/a.yaml", "kind: X\n");
        let said = told([&near, &broken]).unwrap_err().summary();
        assert!(
            said.starts_with("far//app/a.yaml:1:1: apiVersion is missing"),
            "{said}"
        );
    }
}
