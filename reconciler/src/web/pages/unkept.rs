//! What nobody wrote down of the past: said so, where the present would be taken for it.

use askama::Template;
use axum::response::Response;

use super::html;
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "past/unkept.html")]
struct Page {
    frame: Frame,
    title: &'static str,
    sentence: &'static str,
}

/// The page of the past, where the request is about it: the title and what is not kept.
pub(super) async fn unkept(
    app: &App,
    visitor: &Visitor,
    (section, title): (Section, &'static str),
    sentence: &'static str,
) -> Result<Option<Response>, PageError> {
    if app.past.is_none() {
        return Ok(None);
    }
    if visitor.json {
        return Err(PageError::Refused(sentence.into()));
    }
    let frame = visitor.frame(app).await;
    let mut page = html(&Page {
        frame: frame.page(section, title).crumb(title, ""),
        title,
        sentence,
    });
    // As programs are told.
    *page.status_mut() = PageError::Refused(sentence.into()).status();
    Ok(Some(page))
}
