//! Where somebody goes whose session is over: to the sign-in, and from there back to the page they
//! were at, with what they had written. What proves anything, of the session or of a plan that was
//! looked at, does not go along: it is asked for again.

use axum::Form;
use axum::extract::{FromRequest, OriginalUri, Request};
use axum::response::{IntoResponse, Redirect, Response};

use super::view::component::encoded;
use super::visitor::asked;

/// The fields of forms that a person writes or chooses, and that the page of the form takes.
const WRITTEN: [&str; 3] = ["reason", "objects", "prune"];
/// Of the way back; it goes through a cookie of 4,096 bytes where a provider signs in.
const MOST: usize = 2_400;

/// To the sign-in, with the way back.
pub(super) async fn to_sign_in(uri: &OriginalUri, request: Request) -> Response {
    let mut next = asked(uri);
    if !request.method().is_safe() {
        let form = Form::<Vec<(String, String)>>::from_request(request, &()).await;
        let fields = form.map(|Form(fields)| fields).unwrap_or_default();
        next = page_of(&next, &fields);
    }
    let next = encoded(&next);
    Redirect::to(&format!("/signin?next={next}")).into_response()
}

/// The page that has the form which was sent to `address`, filled in as it was.
fn page_of(address: &str, fields: &[(String, String)]) -> String {
    let path = address.split('?').next().unwrap_or_default();
    if path == "/signout" {
        return "/apps".into();
    }
    if path.starts_with("/settings/tokens/") {
        return "/settings/tokens".into();
    }
    let mut page = address.to_owned();
    let is_written = |name: &str, value: &str| WRITTEN.contains(&name) && !value.is_empty();
    for (name, value) in fields
        .iter()
        .filter(|(name, value)| is_written(name, value))
    {
        let mark = if page.contains('?') { '&' } else { '?' };
        let begin = format!("{mark}{name}=");
        let room = MOST.saturating_sub(page.len() + begin.len());
        let value = fitting(value, room);
        if !value.is_empty() {
            page = format!("{page}{begin}{value}");
        }
    }
    page
}

/// As much of a text, encoded, as there is room for.
fn fitting(text: &str, room: usize) -> String {
    let mut all = String::new();
    for character in text.chars() {
        let one = match character {
            ' ' => "+".to_owned(),
            other => encoded(other.encode_utf8(&mut [0; 4])),
        };
        if all.len() + one.len() > room {
            break;
        }
        all.push_str(&one);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_comes_back_and_what_proves_something_does_not() {
        let check = |address: &str, fields: &[(&str, &str)], expected: &str| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let fields: Vec<(String, String)> = fields.iter().map(owned).collect();
            assert_eq!(page_of(address, &fields), expected);
        };
        let proofs = [
            ("csrf", "a"),
            ("parent", "b"),
            ("plan", "c"),
            ("reason", ""),
        ];
        check(
            "/apps/ui/rollback?to=ui-3",
            &proofs,
            "/apps/ui/rollback?to=ui-3",
        );
        check(
            "/apps/ui/rollback?to=ui-3",
            &[("csrf", "a"), ("reason", "pages fail & burn")],
            "/apps/ui/rollback?to=ui-3&reason=pages+fail+%26+burn",
        );
        check(
            "/apps/ui/sync",
            &[("prune", "true"), ("plan", "c")],
            "/apps/ui/sync?prune=true",
        );
        check("/signout", &[("csrf", "a")], "/apps");
        check("/settings/tokens/ci/revoke", &[], "/settings/tokens");
    }

    #[test]
    fn the_way_back_has_an_end() {
        let long = vec![("reason".to_owned(), "\u{4f60}".repeat(2_000))];
        let page = page_of("/rollouts/ui-3/rollback", &long);
        assert!(
            page.len() <= MOST && page.len() > MOST - 9,
            "{}",
            page.len()
        );
        assert!(page.ends_with("%E4%BD%A0"), "no character is cut: {page}");
    }
}
