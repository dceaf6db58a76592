//! Which address leads where.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, OriginalUri};
use axum::http::Uri;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tower_http::compression::CompressionLayer;

use super::app::{App, Deps, changes};
use super::error::PageError;
use super::{assets, gate, live, notice, openapi, pages, parameters, past, pulse, request, timing};

/// The largest form.
const FORM: usize = 64 * 1024;

/// All pages, their streams and the probes. Starts to follow what pages show.
pub fn router(deps: Deps) -> Router {
    let pulse = pulse::follow(deps.client.clone(), &deps.env, &deps.tasks);
    let changes = changes(&deps, &pulse);
    over(Arc::new(App::new(deps, changes, pulse)))
}

pub(super) fn over(app: Arc<App>) -> Router {
    let guarded = guarded()
        .layer(from_fn_with_state(
            app.clone(),
            async |state, request, next| past::travel(state, request, next, guarded).await,
        ))
        .layer(from_fn_with_state(app.clone(), notice::told))
        .layer(from_fn_with_state(app.clone(), gate::guard));
    let open = Router::new()
        .route("/signin", get(pages::sign_in_form).post(pages::sign_in))
        .route("/signin/provider", get(pages::sign_in_provider))
        .route("/auth/callback", get(pages::sign_in_returned))
        .route("/badges/{file}", get(pages::badge))
        .route("/assets/{file}", get(assets::serve))
        .route("/livez", get(pages::live))
        .route("/readyz", get(pages::ready))
        .route("/metrics", get(pages::metrics));
    Router::new()
        .merge(open)
        .merge(guarded)
        .layer(DefaultBodyLimit::max(FORM))
        .layer(CompressionLayer::new().gzip(true))
        .layer(from_fn_with_state(app.clone(), gate::headers))
        .layer(from_fn_with_state(app.clone(), timing::told))
        .layer(from_fn_with_state(app.clone(), request::named))
        .with_state(app)
}

/// What only those see who signed in; over the present, or over a moment of the past.
fn guarded() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(async || Redirect::to("/apps")))
        .route("/apps", get(pages::apps_page))
        .route("/apps/{app}", get(pages::app_page))
        .route("/apps/{app}/diff", get(pages::app_diff))
        .route(
            "/apps/{app}/sync",
            get(pages::sync_preview).post(pages::sync_ask),
        )
        .route(
            "/apps/{app}/rollback",
            get(pages::rollback_since).post(pages::rollback_push_since),
        )
        .route(
            "/rollback",
            get(pages::rollback_all).post(pages::rollback_push_all),
        )
        .route(
            "/apps/{app}/suspend",
            get(pages::suspend_ask).post(pages::suspend),
        )
        .route(
            "/apps/{app}/resume",
            get(pages::resume_ask).post(pages::resume),
        )
        .route("/apps/{app}/history", get(pages::app_history))
        .route(
            "/apps/{app}/objects/{kind}/{namespace}/{name}",
            get(pages::object_page),
        )
        .route("/apps/{app}/events", get(pages::app_events))
        .route("/apps/{app}/logs", get(pages::app_logs))
        .route("/apps/{app}/logs/stream", get(pages::app_logs_stream))
        .route("/apps/{app}/settings", get(pages::app_settings))
        .route("/apps/{app}/rollouts/{number}", get(pages::app_rollout))
        .merge(of_cluster())
        .merge(pages::components())
        .route_layer(from_fn(parameters::check))
        .fallback(elsewhere)
}

/// An address with a slash at its end is the one without.
async fn elsewhere(OriginalUri(uri): OriginalUri) -> Response {
    without_slash(&uri).map_or_else(
        || PageError::NotFound("page at this address".into()).into_response(),
        |to| Redirect::permanent(&to).into_response(),
    )
}

/// Only an address of our own: `//name/` would be another host's.
fn without_slash(uri: &Uri) -> Option<String> {
    let path = uri.path().strip_suffix('/')?.trim_end_matches('/');
    let is_own = path.starts_with('/') && !path.contains("//") && !path.contains('\\');
    let query = uri.query().map_or_else(String::new, |it| format!("?{it}"));
    is_own.then(|| format!("{path}{query}"))
}

/// What is about no one application.
fn of_cluster() -> Router<Arc<App>> {
    Router::new()
        .route("/rollouts", get(pages::rollouts_page))
        .route("/rollouts/{id}", get(pages::rollout_page))
        .route(
            "/rollouts/{id}/decisions.jsonl",
            get(pages::rollout_decisions),
        )
        .route("/rollouts/{id}/diff", get(pages::rollout_diff))
        .route(
            "/rollouts/{id}/rollback",
            get(pages::rollback_page).post(pages::rollback_push),
        )
        .route("/proofs/{commit}/{app}", get(pages::proof_page))
        .route("/pods/{namespace}/{name}", get(pages::pod_page))
        .route("/pods/{namespace}/{name}/logs", get(pages::pod_logs))
        .route("/nodes", get(pages::nodes_page))
        .route("/apps/{app}/why", get(pages::app_why))
        .route("/why/{kind}/{namespace}/{name}", get(pages::why))
        .route("/origins", get(pages::origins))
        .route("/names", get(pages::names))
        .route("/api", get(openapi::serve))
        .route("/live", get(live::serve))
        .route("/signout", post(pages::sign_out))
        .route("/commits/{sha}", get(pages::commit_page))
        .route("/events", get(pages::events_page))
        .route("/search", get(pages::search_page))
        .route("/repos", get(pages::repos_list))
        .route("/repos/{name}", get(pages::repo_page))
        .route("/changes", get(pages::changes_list))
        .route("/changes/{*branch}", get(pages::change_page))
        .route(
            "/settings",
            get(async || Redirect::to("/settings/preferences")),
        )
        .route(
            "/settings/preferences",
            get(pages::preferences).post(pages::preferences_choose),
        )
        .route(
            "/settings/tokens",
            get(pages::tokens_page).post(pages::token_create),
        )
        .route("/settings/tokens/{name}/revoke", post(pages::token_revoke))
        .route("/settings/access", get(pages::access_page))
        .route("/nodes/{name}", get(pages::node_page))
}

#[test]
fn a_slash_at_the_end_leads_to_the_address_without() {
    let check = |uri: &'static str, expected: Option<&str>| {
        let to = without_slash(&Uri::from_static(uri));
        assert_eq!(to.as_deref(), expected, "{uri}");
    };
    check("/apps/", Some("/apps"));
    check("/apps/web/?at=1", Some("/apps/web?at=1"));
    check("/apps", None);
    check("/", None);
    check("//example.org/", None);
    check("/apps//", Some("/apps"));
    check("//", None);
}
