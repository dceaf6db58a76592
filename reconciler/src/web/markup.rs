//! Changes to HTML that our own templates wrote: no parser of what others write. Pure.

/// Ends of addresses that do something, or show what would be done now.
const ACTIONS: [&str; 4] = ["/rollback", "/sync", "/suspend", "/resume"];

/// What becomes of an element.
pub(super) enum Fate {
    Stays,
    /// Its tag becomes this.
    Becomes(String),
    /// It goes, with all that is in it.
    Goes,
}

/// The same HTML, with what `decide` makes of each tag.
pub(super) fn rewritten(html: &str, mut decide: impl FnMut(&str) -> Fate) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let Some(end) = rest.find('>') else { break };
        let (tag, after) = rest.split_at(end + 1);
        rest = after;
        match decide(tag) {
            Fate::Stays => out.push_str(tag),
            Fate::Becomes(other) => out.push_str(&other),
            Fate::Goes => {
                let end = format!("</{}>", name(tag));
                rest = rest.find(&end).map_or("", |at| &rest[at + end.len()..]);
            }
        }
    }
    out.push_str(rest);
    out
}

/// The element that a tag begins.
pub(super) fn name(tag: &str) -> &str {
    let tag = tag.trim_start_matches('<');
    tag.split([' ', '>', '\n']).next().unwrap_or_default()
}

/// Before, in and after the value of an attribute.
pub(super) fn attribute<'a>(tag: &'a str, name: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let opening = format!(" {name}=\"");
    let start = tag.find(&opening)? + opening.len();
    let end = start + tag[start..].find('"')?;
    Some((&tag[..start], &tag[start..end], &tag[end..]))
}

/// Whether an address does something.
pub(super) fn is_action(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    ACTIONS.iter().any(|end| path.ends_with(end))
}

/// A form that does something; signing out is about nothing but its session.
pub(super) fn writes(tag: &str) -> bool {
    tag.contains(" method=\"post\"") && !tag.contains(" action=\"/signout\"")
}
