//! A page of the past from the same page of the present: its links stay at the moment, what would
//! do something is taken out, and the bar that says when it is stands at its top. It reads only
//! what our own templates write. Pure.

use crate::web::markup::{Fate, attribute, is_action, name, rewritten, writes};
use crate::web::view::component::{Escaped, encoded};

/// Beginnings of addresses that have no past.
const PRESENT: [&str; 8] = [
    "/assets/",
    "/signin",
    "/signout",
    "/live",
    "/settings/preferences",
    "/settings/tokens",
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

impl Rewrite<'_> {
    pub(super) fn page(&self, html: &str) -> String {
        rewritten(html, |tag| match name(tag) {
            "a" => self.link(tag).map_or(Fate::Goes, Fate::Becomes),
            "form" if writes(tag) => Fate::Goes,
            "form" => Fate::Becomes(format!("{tag}{}", self.hidden())),
            "nav" if tag.contains(" id=\"tape\"") => Fate::Goes,
            "main" => Fate::Becomes(format!("{tag}{}", self.bar)),
            "button" if tag.contains(" data-theme-toggle") => {
                let mark = "<span class=\"live\" data-state=\"past\">Past</span>";
                Fate::Becomes(format!("{mark}{tag}"))
            }
            _ => Fate::Stays,
        })
    }

    /// The tag with its address at the moment; `None` where it would do something.
    fn link(&self, tag: &str) -> Option<String> {
        let Some((before, address, after)) = attribute(tag, "href") else {
            return Some(tag.to_owned());
        };
        // `?by=` is about the same page.
        let is_ours = address.starts_with('/') && !address.starts_with("//");
        if !is_ours && !address.starts_with('?') {
            return Some(tag.to_owned());
        }
        if is_action(address) {
            return None;
        }
        let is_present = PRESENT.iter().any(|start| address.starts_with(start));
        let moments = ["?at=", "&at=", ";at=", "at=now"];
        let has_moment = moments.iter().any(|at| address.contains(at));
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
