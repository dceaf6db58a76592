//! Every kind a server has at one moment: those of the table, and those that definitions add.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use api::custom::{Definition, Taken};
use api::resource::{self, Resource};
use api::{Catalog, Collection, GroupVersionKind, Object};
use serde_json::Value;

use super::custom::kinds;
use super::{Kind, table};

/// A value: what is served a moment later is another one.
#[derive(Debug, Clone, Default)]
pub struct Served {
    /// In discovery order, each version by itself.
    resources: Vec<Arc<Resource>>,
    /// By collection, each with its versions, what is stored first.
    kinds: BTreeMap<Collection, Vec<Arc<Kind>>>,
    by_kind: BTreeMap<GroupVersionKind, Arc<Kind>>,
    defined: BTreeMap<String, Arc<Defined>>,
    catalog: OnceLock<Arc<Catalog>>,
}

/// What one definition of the cluster makes.
#[derive(Debug)]
pub struct Defined {
    pub definition: Arc<Definition>,
    /// Each version that is known, served or not.
    kinds: Vec<Arc<Kind>>,
}

impl Defined {
    /// Reads a definition that holds; `None` for another one.
    pub fn read(object: &Object) -> Option<Self> {
        let established = object.condition("Established")?;
        (established.status == "True").then(|| Self::of(object))
    }

    /// What the definition makes once it holds.
    pub fn of(object: &Object) -> Self {
        let (definition, _) = Definition::read(object);
        let definition = Arc::new(definition);
        let stored = object.body["status"]["storedVersions"].as_array();
        let stored: Vec<String> = match stored {
            Some(versions) => versions
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            None => vec![definition.storage.clone()],
        };
        Self {
            kinds: kinds(&definition, &stored, object.is_deleting()),
            definition,
        }
    }
}

impl Served {
    /// The kinds every server has.
    pub fn built_in() -> &'static Arc<Self> {
        static BUILT_IN: LazyLock<Arc<Served>> = LazyLock::new(|| {
            let mut served = Served {
                resources: resource::served().iter().cloned().map(Arc::new).collect(),
                ..Served::default()
            };
            for kind in table::all() {
                served.by_kind.insert(kind.resource.gvk(), kind.clone());
                served
                    .kinds
                    .insert(kind.resource.collection(), vec![kind.clone()]);
            }
            Arc::new(served)
        });
        &BUILT_IN
    }

    /// These, and what definitions make, by the names of the definitions.
    #[must_use]
    pub fn with(&self, definitions: BTreeMap<String, Arc<Defined>>) -> Self {
        let mut served = Self {
            catalog: OnceLock::new(),
            ..Self::clone(Self::built_in())
        };
        served.defined.clone_from(&self.defined);
        served.defined.extend(definitions);
        let mut added: Vec<Arc<Resource>> = Vec::new();
        for defined in served.defined.values() {
            let definition = &defined.definition;
            let collection = definition.collection();
            let stored_first = |kind: &&Arc<Kind>| kind.resource.version == definition.storage;
            let first = defined.kinds.iter().filter(stored_first);
            let rest = defined.kinds.iter().filter(|kind| !stored_first(kind));
            served
                .kinds
                .insert(collection, first.chain(rest).cloned().collect());
            for (kind, version) in defined.kinds.iter().zip(&definition.versions) {
                if version.served {
                    served
                        .by_kind
                        .entry(kind.resource.gvk())
                        .or_insert_with(|| kind.clone());
                    added.push(kind.resource.clone());
                }
            }
        }
        // The preferred version of a group is the first one of any of its kinds.
        added.sort_by_cached_key(|it| {
            let rank = std::cmp::Reverse(api::custom::priority(&it.version));
            (
                it.group.clone(),
                rank,
                it.version.clone(),
                it.plural.clone(),
            )
        });
        served.resources.extend(added);
        served
    }

    /// These, and what one more definition makes once it holds, or these without what it made.
    #[must_use]
    pub fn with_definition(&self, name: &str, object: Option<&Object>) -> Self {
        let mut left = Self {
            defined: self.defined.clone(),
            ..Self::default()
        };
        left.defined.remove(name);
        let read = object.and_then(Defined::read);
        left.with(
            read.map(|read| (name.to_owned(), Arc::new(read)))
                .into_iter()
                .collect(),
        )
    }

    /// The same, for clients.
    pub fn catalog(&self) -> Arc<Catalog> {
        let made = self.catalog.get_or_init(|| {
            let resources = self.resources.iter().map(|it| Resource::clone(it));
            Arc::new(Catalog::new(resources.collect()))
        });
        made.clone()
    }

    /// In discovery order.
    pub fn resources(&self) -> &[Arc<Resource>] {
        &self.resources
    }

    /// What definitions make, by their names.
    pub fn defined(&self) -> &BTreeMap<String, Arc<Defined>> {
        &self.defined
    }

    /// The kind of a collection, in the version that it is stored in; `None` for what is not
    /// stored.
    pub fn of(&self, collection: &Collection) -> Option<&Arc<Kind>> {
        self.kinds.get(collection)?.first()
    }

    /// The kind of a collection as `object` has it, if it says which, and if that is served.
    pub fn like(&self, collection: &Collection, object: &Object) -> Option<&Arc<Kind>> {
        let version = object.gvk().version;
        let mut kinds = self.kinds.get(collection)?.iter();
        let like = kinds.find(|kind| kind.resource.version == version);
        like.or_else(|| self.of(collection))
    }

    /// A kind by what objects call it, in a version that is served.
    pub fn by_kind(&self, gvk: &GroupVersionKind) -> Option<&Arc<Kind>> {
        self.by_kind.get(gvk)
    }

    /// A resource by its path, and its kind if it is stored.
    pub fn by_path(
        &self,
        group: &str,
        version: &str,
        plural: &str,
    ) -> Option<(Arc<Resource>, Option<Arc<Kind>>)> {
        let collection = Collection::new(group, plural);
        if let Some(kinds) = self.kinds.get(&collection) {
            let kind = kinds.iter().find(|kind| kind.resource.version == version)?;
            let is_served = kind
                .custom
                .as_ref()
                .is_none_or(|custom| custom.version().served);
            return is_served.then(|| (kind.resource.clone(), Some(kind.clone())));
        }
        let found = resource::by_collection(&collection).filter(|it| it.version == version)?;
        let same = |it: &&Arc<Resource>| it.group == found.group && it.plural == found.plural;
        self.resources
            .iter()
            .find(same)
            .map(|it| (it.clone(), None))
    }

    /// Every kind that is stored, each in the version that it is stored in.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.kinds.values().filter_map(|kinds| kinds.first())
    }
}

/// The names in a group that no definition may have: those of the table.
pub fn built_in_names(group: &str) -> Taken {
    let mut taken = Taken::default();
    for it in resource::served().iter().filter(|it| it.group == group) {
        let short = it.short_names.iter().map(String::as_str);
        let list = format!("{}List", it.kind);
        taken.add(
            [it.plural.as_str(), &it.singular].into_iter().chain(short),
            [it.kind.as_str(), &list],
        );
    }
    taken
}
