//! Style and script without what only their authors read. Never a rewrite: what a browser makes of
//! the result is what it would make of the source.

/// Without comments, and without the space around punctuation; what is quoted stays as it is.
pub(super) fn style(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else if next == '"' {
            let end = rest[1..].find('"').map_or(rest.len(), |at| at + 2);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if next.is_whitespace() {
            rest = rest.trim_start();
            // `a :hover` is not `a:hover`, so space before a colon stays.
            if !out.is_empty() && !out.ends_with(['{', '}', ';', ',', '>', ':', ' ']) {
                out.push(' ');
            }
        } else {
            if matches!(next, '{' | '}' | ';' | ',' | '>') && out.ends_with(' ') {
                out.pop();
            }
            if next == '}' && out.ends_with(';') {
                out.pop();
            }
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out.trim_end().to_owned()
}

/// Without indentation, and without lines that only comment.
pub(super) fn script(source: &str) -> String {
    source
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect()
}
