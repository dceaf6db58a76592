//! The bar that says that a page is about what is not so any more. What is on the page never moves
//! under its reader.

use askama::Template;
use sha2::{Digest, Sha256};

use super::app::view;
use super::apps::decoded;
use super::fragment;
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::live::Fragment;
use crate::web::view::component::{Icon, encoded};

#[derive(Template)]
#[template(path = "moved.html")]
struct Moved {
    text: String,
}

fn bar(text: String) -> Fragment {
    fragment("moved", &Moved { text })
}

/// Nothing has moved yet.
pub(super) fn still() -> Fragment {
    bar(String::new())
}

/// What the diff of an application is made from, in one word, as far as that is at hand.
async fn live(app: &App, name: &str) -> Result<String, PageError> {
    let found = view(app, name).await?;
    let standing = &found.standing;
    let mut hash = Sha256::new();
    let mut say = |part: &str| hash.update(format!("{part}\0"));
    say(&standing.revision.0);
    say(&standing.applied.0);
    say(&standing.sync_message);
    if let Some(last) = &found.summary.last {
        say(&last.id);
        say(last.phase.as_str());
    }
    for node in app.backend.objects(name).await.unwrap_or_default() {
        // What others make of an object is no part of what Git asks for.
        if node.owner.is_some() {
            continue;
        }
        let generation = app.cached(&node.key).map_or(0, |it| it.generation());
        say(&format!("{} {} {generation}", node.key, node.uid));
    }
    let digest = hash.finalize();
    Ok(digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// The topic of a diff as it is now.
pub(super) async fn topic_of_diff(app: &App, name: &str) -> Result<String, PageError> {
    Ok(format!("diff:{}&{}", encoded(name), live(app, name).await?))
}

/// `name` is the application, and what its diff was made from.
pub(super) async fn of_diff(app: &App, name: &str) -> Result<Fragment, PageError> {
    let (name, then) = name.split_once('&').unwrap_or((name, ""));
    let text = if live(app, &decoded(name)).await? == then {
        String::new()
    } else {
        "Live or Git moved since this was compared.".into()
    };
    Ok(bar(text))
}

/// The topic of a plan that stands on the newest commit of a followed branch; empty where the
/// commit is of none.
pub(super) async fn topic_of_plan(app: &App, parent: &str) -> String {
    let sources = app.backend.sources().await.unwrap_or_default();
    let found = sources.iter().find(|it| it.revision.0 == parent);
    found.map_or_else(String::new, |source| {
        format!("plan:{}&{parent}", encoded(&source.repository))
    })
}

/// `name` is the repository, and the commit that the plan stands on.
pub(super) async fn of_plan(app: &App, name: &str) -> Result<Fragment, PageError> {
    let (repository, parent) = name.split_once('&').unwrap_or((name, ""));
    let repository = decoded(repository);
    let sources = app.backend.sources().await?;
    let source = sources.iter().find(|it| it.repository == repository);
    let text = match source {
        Some(source) if source.revision.0 != parent => format!(
            "{} moved to {} since this was planned: what you confirm is refused, and planned anew.",
            source.branch,
            source.revision.short()
        ),
        _ => String::new(),
    };
    Ok(bar(text))
}
