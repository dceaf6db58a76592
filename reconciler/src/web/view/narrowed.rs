//! The applications that an address asks for, as programs get them: the rows of the page's table.

use super::apps::{Query, ROWS};
use super::facts::Facts;
use crate::service::ApplicationView;

/// All of them, in the order that is asked for; one page of them where a page is asked for.
pub(crate) fn narrowed(views: Vec<ApplicationView>, query: &Query) -> Vec<ApplicationView> {
    let facts = |view: &ApplicationView| Facts::new(view, None);
    let mut left: Vec<ApplicationView> = views
        .into_iter()
        .filter(|view| query.admits(&facts(view)))
        .collect();
    let converged =
        |view: &ApplicationView| view.summary.last.as_ref().and_then(|last| last.finished_at);
    match query.sort() {
        "health" => left.sort_by_cached_key(|view| std::cmp::Reverse(facts(view).concern())),
        "recent" => left.sort_by_key(|view| std::cmp::Reverse(converged(view))),
        _ => {}
    }
    if query.page.is_empty() {
        return left;
    }
    let from = (query.page() - 1).saturating_mul(ROWS);
    left.into_iter().skip(from).take(ROWS).collect()
}
