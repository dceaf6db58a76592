//! The pages: read, make the view, answer. What changes while a page is open is made of
//! fragments, which the stream makes again with the same functions.

mod access;
mod app;
mod app_gone;
mod app_log_page;
mod app_logs;
mod app_settings;
mod apps;
mod badge;
mod changes;
mod commit;
mod components;
mod diff;
mod events;
mod log_file;
mod log_filter;
mod log_tail;
mod moved;
mod names;
mod node;
mod nodes;
mod object;
mod object_gone;
mod object_log;
mod origins;
mod plans;
mod pod;
mod pod_log_card;
mod pod_logs;
mod pod_origin;
mod probe;
mod proof;
mod reported;
mod repos;
mod rollback;
mod rolled_back;
mod rollout;
mod rollouts;
mod search;
mod settings;
mod sign_in;
mod suspend;
mod sync;
mod unkept;
mod whose;
mod why;

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::app::App;
use super::error::PageError;
use super::live::Fragment;
use super::timing::rendering;
use super::view::count::Counts;
use super::view::frame::{Foot, Frame, Git, Trouble};
use super::view::time::When;
use super::visitor::{git, silent};

pub(super) use access::page as access_page;
pub(super) use app::page as app_page;
pub(super) use app_gone::page as removed_page;
pub(super) use app_log_page::page as app_logs;
pub(super) use app_logs::stream as app_logs_stream;
pub(super) use app_settings::settings as app_settings;
pub(super) use apps::page as apps_page;
pub(super) use badge::badge;
pub(super) use changes::{list as changes_list, page as change_page};
pub(super) use commit::page as commit_page;
pub(super) use components::routes as components;
pub(super) use diff::{of_app as app_diff, of_rollout as rollout_diff};
pub(super) use events::{all as events_page, of_app as app_events};
pub(super) use log_tail::{first_lines, last_lines};
pub(super) use names::names;
pub(super) use node::page as node_page;
pub(super) use nodes::page as nodes_page;
pub(super) use object::page as object_page;
pub(super) use origins::origins;
pub(super) use pod::page as pod_page;
pub(super) use pod_logs::serve as pod_logs;
pub(super) use probe::{live, metrics, ready};
pub(super) use proof::page as proof_page;
pub(super) use repos::{list as repos_list, page as repo_page};
pub(super) use rollback::{
    preview as rollback_page, preview_all as rollback_all, preview_since as rollback_since,
    push as rollback_push, push_all as rollback_push_all, push_since as rollback_push_since,
};
pub(super) use rollout::{
    decisions as rollout_decisions, numbered as app_rollout, page as rollout_page,
};
pub(super) use rollouts::{all as rollouts_page, of_app as app_history};
pub(super) use search::page as search_page;
pub(super) use settings::{
    choose as preferences_choose, create as token_create, preferences, revoke as token_revoke,
    tokens as tokens_page,
};
pub(super) use sign_in::{
    form as sign_in_form, provider as sign_in_provider, returned as sign_in_returned, sign_in,
    sign_out,
};
pub(super) use suspend::{ask_resume as resume_ask, ask_suspend as suspend_ask, resume, suspend};
pub(super) use sync::{preview as sync_preview, sync as sync_ask};
pub(super) use why::{of_application as app_why, of_object as why};

/// A page as a response.
pub(super) fn html(template: &impl Template) -> Response {
    match rendering(|| template.render()) {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a template failed");
            let headers = [(header::CONTENT_TYPE, "text/plain")];
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                headers,
                "the page cannot be rendered",
            )
                .into_response()
        }
    }
}

/// A part of an address as it was meant.
pub(super) fn unescaped(text: &str) -> String {
    apps::decoded(text)
}

/// A fragment from its template.
fn fragment(id: &'static str, template: &impl Template) -> Fragment {
    // Writing to a string does not fail, and nothing else in our templates can.
    Fragment::new(id, rendering(|| template.render()).unwrap_or_default())
}

/// A fragment as text that templates do not escape again.
#[derive(Clone, Default)]
pub(super) struct Markup(String);

impl std::fmt::Display for Markup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Markup {}

/// The fragment with this id; nothing where there is none.
fn take(fragments: &[Fragment], id: &str) -> Markup {
    let found = fragments.iter().find(|fragment| fragment.id == id);
    Markup(
        found
            .map(|fragment| fragment.html.clone())
            .unwrap_or_default(),
    )
}

/// What stands around the content of every page and moves too.
fn around(git: Option<Git>, silent: Option<When>, counts: Counts) -> [Fragment; 5] {
    let (applications, rollouts) = (counts.applications(), counts.rollouts());
    let changes = counts.changes();
    [
        fragment("git", &Foot { git: git.clone() }),
        fragment("trouble", &Trouble { git, silent }),
        fragment(applications.id, &applications),
        fragment(rollouts.id, &rollouts),
        fragment(changes.id, &changes),
    ]
}

/// Makes a page live: its stream goes on from what the page shows.
fn follow(app: &App, frame: &mut Frame, topic: String, fragments: &[Fragment]) {
    // The past does not move.
    if app.past.is_some() {
        return;
    }
    let now = app.env.now();
    let around = around(frame.git.clone(), frame.silent.clone(), frame.counts);
    app.hub.publish(&topic, &around, now);
    frame.event = app.hub.publish(&topic, fragments, now);
    frame.topics = topic;
}

/// All fragments of a topic as they are now.
pub(super) async fn fragments(app: &App, topic: &str) -> Result<Vec<Fragment>, PageError> {
    let mut fragments = content(app, topic).await?;
    let counts = app.counts().await;
    fragments.extend(around(git(app).await, silent(app), counts));
    Ok(fragments)
}

/// The topics: `apps:…`, `app:NAME`, `app:NAME/list`, `history:…`, `rollout:ID`, `pod:NAMESPACE/NAME/APP`,
/// `object:APP/KIND.GROUP/NAMESPACE/NAME`, `commit:ID`, `events:KIND&REASON&TYPE`,
/// `app-events:NAME`, `app-logs:NAME`, `node:NAME`, `nodes:BY&APP`, `diff:APP&DIGEST`,
/// `changes:REPOSITORY`, `change:REPOSITORY&BRANCH`, `repos:`, `repo:NAME`,
/// `plan:REPOSITORY&COMMIT`.
async fn content(app: &App, topic: &str) -> Result<Vec<Fragment>, PageError> {
    let (kind, name) = topic.split_once(':').unwrap_or((topic, ""));
    match kind {
        "apps" => apps::fragments(app, name).await,
        "app" => app::fragments(app, name).await,
        "history" => rollouts::fragments(app, name).await,
        "object" => object::fragments(app, name).await,
        "diff" => {
            let (application, _) = name.split_once('&').unwrap_or((name, ""));
            let application = app::head_of(app, &apps::decoded(application)).await?;
            Ok(vec![application, moved::of_diff(app, name).await?])
        }
        "plan" => Ok(vec![moved::of_plan(app, name).await?]),
        "rollout" => rollout::fragments(app, name).await,
        "pod" => pod::fragments(app, name).await,
        "commit" => commit::fragments(app, name).await,
        "events" => Ok(events::fragments(app, name).await),
        "app-events" => Ok(events::of_one(app, name).await),
        "app-logs" => Ok(vec![app::head_of(app, name).await?]),
        "changes" => changes::fragments(app, name).await,
        "change" => changes::of_one(app, name).await,
        "repos" => repos::fragments(app).await,
        "repo" => Ok(vec![repos::of_one(app, name).await?]),
        "node" => node::fragments(app, name).await,
        "nodes" => Ok(nodes::fragments(app, name).await),
        _ => Err(PageError::BadRequest(format!("there is no topic {kind}"))),
    }
}
