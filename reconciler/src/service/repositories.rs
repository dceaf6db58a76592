//! The repositories there are: what is followed, and what is hosted here.

use jiff::Timestamp;
use serde::Serialize;

use engine::Application;
use engine::rollout::CommitId;

use super::Error;
use crate::githost::hosted::{CLUSTER, Direction, Mirror};
use crate::githost::rule::Rule;
use crate::source::Source;
use crate::sync::causes;
use crate::sync::core::Core;
use crate::sync::news;
use crate::web::webhook::Webhook;

/// Branches of one repository.
const BRANCHES: usize = 100;

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryView {
    /// `cluster` for what the cluster follows, wherever it is.
    pub name: String,
    /// Where it is followed from; empty for one that is hosted here.
    pub url: String,
    /// To clone it from; empty for one that is not hosted here.
    pub clone_url: String,
    /// Branches with their newest commits: the one that is followed, then the others by name, a
    /// hundred at most.
    pub branches: Vec<BranchHead>,
    /// How many there are.
    pub branch_count: usize,
    /// The branch that the cluster follows; empty for a repository of which Applications choose.
    pub followed: String,
    /// When it was read last; of the hosted one that is followed, when its newest commit came.
    pub fetched_at: Option<Timestamp>,
    /// When a webhook told of a commit last that was new; absent where none has.
    pub told_at: Option<Timestamp>,
    /// What its forge said here last; absent for one that is hosted here and has no mirror from
    /// elsewhere.
    pub webhook: Option<Webhook>,
    /// Why it cannot be read or its newest commit is not followed; empty when all is well.
    pub error: String,
    /// Those that take their manifests from it.
    pub applications: Vec<String>,
    pub mirrors: Vec<Mirror>,
    pub rules: Vec<Rule>,
}

impl RepositoryView {
    /// Whether it cannot be read: then nothing is known of its branches.
    pub fn is_unread(&self) -> bool {
        self.branches.is_empty() && !self.error.is_empty()
    }
}

/// A branch and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BranchHead {
    pub name: String,
    pub commit: CommitId,
}

/// The cluster's own first, then the others by name.
pub(super) async fn repositories(core: &Core) -> Result<Vec<RepositoryView>, Error> {
    let known = applications(core);
    let mut all = vec![tracked(core, &known).await?];
    for hosted in core.hosted.list() {
        if hosted.name == CLUSTER {
            continue;
        }
        let source = Source::kept(&hosted.name, &hosted.path);
        let mut view = view(core, &hosted.name, &source).await;
        view.applications = core.readers(&hosted.name);
        view.clone_url = clone_url(core, &hosted.name);
        all.push(view);
    }
    let mut followed = core.sources.followed();
    followed.retain(|source| source.url().is_some());
    followed.sort_by(|a, b| a.name.cmp(&b.name));
    for source in followed {
        let readers = readers(core, &known, &source);
        // It was looked at for an Application that is gone by now, or names another one.
        if readers.is_empty() && core.target().is_some() {
            continue;
        }
        let mut view = view(core, &source.name, &source).await;
        let url = source.url().unwrap_or_default();
        view.url = source.name.clone();
        view.applications = readers;
        if let Some(trouble) = core.sources.trouble(url) {
            view.error = trouble.message;
        }
        let reader = core.history.reader();
        view.told_at = reader.told_at(&source.name).await?;
        view.fetched_at = reader.fetched_at(&source.name).await?;
        view.webhook = Some(webhook(core, &[url]));
        all.push(view);
    }
    Ok(all)
}

async fn tracked(core: &Core, known: &[Application]) -> Result<RepositoryView, Error> {
    let reader = core.history.reader();
    let mut view = view(core, CLUSTER, &core.source).await;
    if let Some(state) = reader.source(&core.source.name).await? {
        // Of a hosted one: when its newest commit came.
        view.fetched_at = reader
            .fetched_at(&core.source.name)
            .await?
            .or(state.fetched_at);
        // That nothing can be read of it comes before what is wrong with its newest commit.
        if view.error.is_empty() {
            view.error = state.error;
        }
    }
    view.told_at = reader.told_at(&core.source.name).await?;
    if let Some(url) = core.source.url() {
        view.webhook = Some(webhook(core, &[url]));
    }
    if core.source.is_hosted() {
        view.clone_url = clone_url(core, CLUSTER);
    } else {
        view.url = core.source.name.clone();
    }
    view.applications = readers(core, known, &core.source);
    Ok(view)
}

/// What forges said here about a repository that has these addresses.
fn webhook(core: &Core, urls: &[&str]) -> Webhook {
    let own: Vec<String> = urls.iter().map(|url| news::name(url)).collect();
    core.deliveries
        .of(|address| own.contains(&news::name(address)))
}

fn clone_url(core: &Core, name: &str) -> String {
    format!("{}/git/{name}.git", core.config.address)
}

/// All Applications that there are, in Git and beside it.
fn applications(core: &Core) -> Vec<Application> {
    let Some(target) = core.target() else {
        return Vec::new();
    };
    let names = core.everybody().into_iter();
    names
        .filter_map(|name| core.application(&target, &name))
        .collect()
}

fn readers(core: &Core, known: &[Application], source: &Source) -> Vec<String> {
    let reads = known.iter().filter(|application| {
        let mut sources = application.sources();
        sources.any(|it| core.repository(it).location == source.location)
    });
    reads.map(|it| it.name.clone()).collect()
}

/// What the files of the repository say; what they do not is empty.
async fn view(core: &Core, name: &str, source: &Source) -> RepositoryView {
    let followed = if name == CLUSTER {
        core.config.branch.clone()
    } else {
        String::new()
    };
    let first = followed.clone();
    let heads = source.location.read(move |git| {
        let all = git.branches()?;
        let count = all.len();
        let mut heads = Vec::new();
        for name in told(all, &first) {
            let commit = git.branch(&name)?;
            heads.extend(commit.map(|commit| BranchHead { name, commit }));
        }
        Ok((heads, count))
    });
    let ((branches, branch_count), error) = match heads.await {
        Ok(heads) => (heads, String::new()),
        Err(error) => ((Vec::new(), 0), causes(&error)),
    };
    let is_here = core.hosted.get(name).is_some();
    let mirrors = core.hosted.mirrors(name);
    let from = mirrors.iter().filter(|it| it.direction == Direction::From);
    let from: Vec<&str> = from.map(|it| it.url.as_str()).collect();
    RepositoryView {
        name: name.to_owned(),
        url: String::new(),
        clone_url: String::new(),
        branches,
        branch_count,
        followed,
        fetched_at: None,
        told_at: None,
        error,
        applications: Vec::new(),
        webhook: (!from.is_empty()).then(|| webhook(core, &from)),
        mirrors,
        rules: if is_here {
            core.hosted.rules(name)
        } else {
            Vec::new()
        },
    }
}

/// Those that are told of, the followed one first.
fn told(mut branches: Vec<String>, followed: &str) -> Vec<String> {
    branches.sort_by(|a, b| (a != followed, a).cmp(&(b != followed, b)));
    branches.truncate(BRANCHES);
    branches
}

#[test]
fn the_followed_branch_is_told_of_however_many_there_are() {
    let many = (0..300).map(|at| format!("a{at:03}"));
    let all: Vec<String> = many.chain(["main".into()]).collect();
    let shown = told(all.clone(), "main");
    assert_eq!(shown.len(), BRANCHES);
    assert_eq!(shown[..2], ["main".to_owned(), "a000".to_owned()]);
    assert_eq!(told(all, "")[0], "a000");
}
