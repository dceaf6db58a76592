//! What a commit makes of an application.

use std::sync::Arc;

use engine::rollout::CommitId;
use engine::{Application, application};

use super::Error;
use super::queries::{missing, unreadable};
use crate::source::Source;
use crate::sync::Render;
use crate::sync::core::Core;

/// An application at a commit.
pub(super) struct Rendered {
    pub(super) application: Application,
    pub(super) source: Source,
    pub(super) render: Arc<Render>,
}

/// As the commit defines it, or else as it is now.
pub(super) async fn at(core: &Core, name: &str, id: &CommitId) -> Result<Rendered, Error> {
    let target = core.target();
    let current = target.and_then(|target| core.application(&target, name));
    let source = match &current {
        Some(application) => core.source_of(application),
        None => core.source.clone(),
    };
    let (renders, cluster, root) = (core.renders.clone(), core.cluster.clone(), core.root());
    let (id, wanted) = (id.clone(), name.to_owned());
    let reading = source.location.read(move |git| {
        let tree = git.tree(&id)?;
        let found = application::find(&tree, &root).unwrap_or_default();
        let found = found.into_iter().map(|found| found.application);
        let application = found.into_iter().find(|it| it.name == wanted).or(current);
        Ok(application.map(|application| {
            let render = renders.render(&application, &id, &tree, cluster.kinds());
            (application, render)
        }))
    });
    let read = reading.await.map_err(unreadable)?;
    let (application, render) = read.ok_or_else(|| missing(name))?;
    Ok(Rendered {
        application,
        source,
        render,
    })
}
