//! What a commit makes of an application.

use std::sync::Arc;

use engine::rollout::CommitId;
use engine::{Application, application};

use super::Error;
use super::queries::{missing, unreadable};
use crate::source::Source;
use crate::sync::core::Core;
use crate::sync::{Render, Trees, commits, here, is_here, read, render};

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
    let known = if source.location == core.source.location {
        let read = read(core, &source.location, id).await;
        read.map_err(Error::Cluster)?.ok()
    } else {
        None
    };
    let known = known.and_then(|read| {
        let mut found = read.found.iter().map(|found| &found.application);
        found.find(|it| it.name == name).cloned()
    });
    let (renders, cluster, root) = (core.renders.clone(), core.cluster.clone(), core.root());
    let (at, id, wanted) = (id.clone(), id.clone(), name.to_owned());
    let reading = source.location.read(move |git| {
        let tree = git.tree(&id)?;
        let find = || {
            let found = application::find(&tree, &root).unwrap_or_default();
            let mut found = found.into_iter().map(|found| found.application);
            found.find(|it| it.name == wanted)
        };
        let application = known.or_else(find).or(current);
        Ok(application.map(|application| {
            let is_one = application.more.is_empty() || is_here(&application);
            let render = is_one.then(|| {
                let trees = Trees::same(&tree, &application);
                renders.render(&application, &id, &trees, &cluster.kinds())
            });
            (application, render)
        }))
    });
    let read = reading.await.map_err(unreadable)?;
    let (application, render) = read.ok_or_else(|| missing(name))?;
    let render = match render {
        Some(render) => render,
        None => several(core, &source, &application, &at).await?,
    };
    Ok(Rendered {
        application,
        source,
        render,
    })
}

/// The render of an Application with several sources: all at the commits that are named, or the
/// first at the one that is, and the others at what they follow.
async fn several(
    core: &Core,
    source: &Source,
    application: &Application,
    named: &CommitId,
) -> Result<Arc<Render>, Error> {
    let nothing = || Error::Impossible("there is no commit to compare with yet".into());
    let target = core.target().ok_or_else(nothing)?;
    let commit = if named.parts().len() > 1 {
        named.clone()
    } else {
        let follow = here(&target);
        let given = |index, source: &application::Source| match index {
            0 => Some(named.clone()),
            _ => follow(index, source),
        };
        let commits = commits(core, application, given).await;
        let commits = commits.map_err(Error::Cluster)?;
        commits.map_err(|trouble| Error::Impossible(trouble.message))?
    };
    let rendering = render(core, source, application, &commit);
    rendering.await.map_err(Error::Cluster)
}
