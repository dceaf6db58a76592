//! What one build shares: where it reads, the schema it merges by, and how much it may do.

use std::cell::{Cell, OnceCell};

use super::metadata::{Maker, Wanted};
use super::openapi::Schema;
use super::resource::Resources;
use super::site::Site;
use crate::Problem;
use crate::render::Texts;
use crate::tree::Reader;

/// How many objects one path may render to.
const OBJECTS: usize = 10_000;
/// How many kustomizations one path may stand on, each counted as often as it is used.
const DIRECTORIES: usize = 2_000;
/// Bytes that patches, replacements and variables may copy in all.
const COPIED: usize = 64 << 20;

/// One build.
pub(super) struct Build<'a> {
    pub(super) reader: Reader<'a>,
    /// Of the first kustomization that names one.
    pub(super) schema: OnceCell<Schema>,
    /// What the root wants to be written into the objects.
    pub(super) wanted: Wanted,
    /// What resources are when they are read.
    pub(super) texts: Texts,
    directories: Cell<usize>,
    copied: Cell<usize>,
}

impl<'a> Build<'a> {
    pub(super) fn new(reader: Reader<'a>, wanted: Wanted, texts: Texts) -> Self {
        Self {
            reader,
            wanted,
            texts,
            schema: OnceCell::new(),
            directories: Cell::new(0),
            copied: Cell::new(0),
        }
    }

    /// Enters one more kustomization.
    pub(super) fn enter(&self, site: &Site) -> Result<(), Problem> {
        self.directories.set(self.directories.get() + 1);
        if self.directories.get() > DIRECTORIES {
            let text = format!("the build stands on more than {DIRECTORIES} kustomizations");
            return Err(site.problem(text));
        }
        Ok(())
    }

    /// Notes what was done to all objects, where the root wants to know.
    pub(super) fn note(&self, file: &str, maker: &Maker, resources: &mut Resources) {
        if !self.wanted.transformations {
            return;
        }
        for resource in resources {
            resource
                .transformed_by
                .push((file.to_owned(), maker.clone()));
        }
    }

    /// Notes that so much has been copied.
    pub(super) fn copy(&self, bytes: usize, site: &Site) -> Result<(), Problem> {
        self.copied.set(self.copied.get().saturating_add(bytes));
        if self.copied.get() > COPIED {
            let text = format!("the build copies more than {} MiB", COPIED >> 20);
            return Err(site.problem(text));
        }
        Ok(())
    }
}

/// No more objects than one path may have.
pub(super) fn limit(count: usize, site: &Site) -> Result<(), Problem> {
    if count > OBJECTS {
        return Err(site
            .problem(format!("renders to more than {OBJECTS} objects"))
            .hint("split it into several applications"));
    }
    Ok(())
}
