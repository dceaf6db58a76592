//! A page of the past from the same page of the present: its links stay at the moment, what would
//! do something is taken out, and the bar that says when it is stands at its top. It reads only
//! what our own templates write. Pure.

use crate::web::view::component::{Escaped, encoded};

/// Ends of addresses that do something, or show what would be done now.
const ACTIONS: [&str; 4] = ["/rollback", "/sync", "/suspend", "/resume"];
/// Beginnings of addresses that have no past.
const PRESENT: [&str; 7] = [
    "/assets/",
    "/signin",
    "/signout",
    "/live",
    "/settings",
    "/api",
    "/git/",
];

/// What a page becomes.
pub(super) struct Rewrite<'a> {
    /// The moment, as it was asked for.
    pub(super) at: &'a str,
    /// The bar and the tape.
    pub(super) bar: &'a str,
}

/// Whether an address does something.
pub(super) fn is_action(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    ACTIONS.iter().any(|end| path.ends_with(end))
}

impl Rewrite<'_> {
    pub(super) fn page(&self, html: &str) -> String {
        let mut out = String::with_capacity(html.len() + html.len() / 8 + self.bar.len());
        let mut rest = html;
        while let Some(start) = rest.find('<') {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            let Some(end) = rest.find('>') else { break };
            let (tag, after) = rest.split_at(end + 1);
            rest = match name(tag) {
                "a" => match self.link(tag) {
                    Some(link) => {
                        out.push_str(&link);
                        after
                    }
                    None => past(after, "</a>"),
                },
                "form" if writes(tag) => past(after, "</form>"),
                "form" => {
                    out.push_str(tag);
                    out.push_str(&self.hidden());
                    after
                }
                "nav" if tag.contains(" id=\"tape\"") => past(after, "</nav>"),
                "main" => {
                    out.push_str(tag);
                    out.push_str(self.bar);
                    after
                }
                "button" if tag.contains(" data-theme-toggle") => {
                    out.push_str("<span class=\"live\" data-state=\"past\">Past</span>");
                    out.push_str(tag);
                    after
                }
                _ => {
                    out.push_str(tag);
                    after
                }
            };
        }
        out.push_str(rest);
        out
    }

    /// The tag with its address at the moment; `None` where it would do something.
    fn link(&self, tag: &str) -> Option<String> {
        let Some((before, address, after)) = address(tag) else {
            return Some(tag.to_owned());
        };
        if !address.starts_with('/') || address.starts_with("//") {
            return Some(tag.to_owned());
        }
        if is_action(address) {
            return None;
        }
        let is_present = PRESENT.iter().any(|start| address.starts_with(start));
        let has_moment = address.contains("?at=") || address.contains("at=now");
        if is_present || has_moment || tag.contains(" data-now") {
            return Some(tag.to_owned());
        }
        let (path, anchor) = match address.split_once('#') {
            Some((path, anchor)) => (path, format!("#{anchor}")),
            None => (address, String::new()),
        };
        let join = if path.contains('?') { "&amp;" } else { "?" };
        let at = encoded(self.at);
        Some(format!("{before}{path}{join}at={at}{anchor}{after}"))
    }

    fn hidden(&self) -> String {
        let at = Escaped(self.at);
        format!("<input type=\"hidden\" name=\"at\" value=\"{at}\">")
    }
}

/// A form that does something; signing out is about no moment.
fn writes(tag: &str) -> bool {
    tag.contains(" method=\"post\"") && !tag.contains(" action=\"/signout\"")
}

fn name(tag: &str) -> &str {
    let tag = tag.trim_start_matches('<');
    tag.split([' ', '>', '\n']).next().unwrap_or_default()
}

/// Before, in and after the value of `href`.
fn address(tag: &str) -> Option<(&str, &str, &str)> {
    let start = tag.find(" href=\"")? + " href=\"".len();
    let end = start + tag[start..].find('"')?;
    Some((&tag[..start], &tag[start..end], &tag[end..]))
}

/// What comes after the end of an element.
fn past<'a>(rest: &'a str, end: &str) -> &'a str {
    rest.find(end).map_or("", |at| &rest[at + end.len()..])
}
