//! Resources on their way through the transformers, with the names they had before.

use api::{GroupVersionKind, Object};

use super::metadata::Maker;
use super::scope;
use crate::manifest::title;
use crate::{Origin, Problem};

/// What a resource was called at some point.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Id {
    pub(super) gvk: GroupVersionKind,
    pub(super) name: String,
    pub(super) namespace: String,
}

impl Id {
    pub(super) fn of(object: &Object) -> Self {
        Self {
            gvk: object.gvk(),
            name: object.name().to_owned(),
            namespace: object.namespace().to_owned(),
        }
    }

    pub(super) fn is_cluster_scoped(&self) -> bool {
        scope::is_cluster_scoped(&self.gvk)
    }

    /// The namespace as the server will see it; empty for what has none.
    pub(super) fn effective_namespace(&self) -> &str {
        match self.namespace.as_str() {
            _ if self.is_cluster_scoped() => "",
            "" => "default",
            namespace => namespace,
        }
    }

    /// With the namespace as the server will see it.
    pub(super) fn effective(self) -> Self {
        let namespace = self.effective_namespace().to_owned();
        Self { namespace, ..self }
    }

    pub(super) fn same_namespace(&self, other: &Self) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.gvk == other.gvk && self.name == other.name && self.same_namespace(other)
    }
}

/// A manifest being transformed.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) object: Object,
    pub(super) origin: Origin,
    /// What it was called before each change of name, oldest first.
    pub(super) previous: Vec<Id>,
    /// Innermost first.
    pub(super) prefixes: Vec<String>,
    pub(super) suffixes: Vec<String>,
    /// Its name ends in a hash of its content.
    pub(super) hashed: bool,
    /// The generator it is from, if it is from no file.
    pub(super) made_by: Option<Maker>,
    /// What has been done to it, where that is wanted.
    pub(super) transformed_by: Vec<(String, Maker)>,
    /// The names of the variables that are taken from it.
    pub(super) variables: Vec<String>,
}

impl Resource {
    pub(super) fn new(object: Object, origin: Origin) -> Self {
        Self {
            object,
            origin,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            hashed: false,
            made_by: None,
            transformed_by: Vec::new(),
            variables: Vec::new(),
        }
    }

    pub(super) fn id(&self) -> Id {
        Id::of(&self.object)
    }

    /// What it was called in its own file.
    pub(super) fn original(&self) -> Id {
        self.previous.first().cloned().unwrap_or_else(|| self.id())
    }

    /// Remembers what it is called now.
    pub(super) fn remember(&mut self) {
        let id = self.id();
        self.previous.push(id);
    }

    /// Whether it is, or ever was, called so.
    pub(super) fn was(&self, matches: impl Fn(&Id) -> bool) -> bool {
        self.previous.iter().any(&matches) || matches(&self.id())
    }

    pub(super) fn rename(&mut self, name: &str) {
        self.object
            .metadata_mut()
            .insert("name".into(), name.into());
    }
}

/// All resources of a build, in order.
pub(super) type Resources = Vec<Resource>;

/// Adds a resource, unless there is one of that name.
pub(super) fn append(resources: &mut Resources, resource: Resource) -> Result<(), Problem> {
    let id = resource.id();
    if let Some(first) = resources
        .iter()
        .find(|other| other.object.name() == id.name && other.id().is(&id))
    {
        return Err(Problem::new(
            &resource.origin.file,
            format!("{} is there twice", title(&resource.object)),
        )
        .at(resource.origin.line, 0)
        .hint(format!("the first one is at {}", first.origin)));
    }
    resources.push(resource);
    Ok(())
}
