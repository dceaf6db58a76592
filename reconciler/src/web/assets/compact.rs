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

/// Without indentation and comments, and without the space around punctuation; what is quoted stays
/// as it is. A line is joined to the one before where that says that it goes on.
pub(super) fn script(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    for line in source.lines().map(str::trim) {
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        script_line(line, &mut out);
        if !out.ends_with(['{', ';', ',']) {
            out.push('\n');
        }
    }
    out
}

fn script_line(line: &str, out: &mut String) {
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        match next {
            '"' | '\'' | '`' => {
                let end = quoted(rest);
                out.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            ' ' if rest[1..].starts_with("//") => return,
            ' ' => {
                let before = out.chars().next_back().unwrap_or(' ');
                let after = rest[1..].chars().next().unwrap_or(' ');
                // `a + +b` is not `a++b`.
                let counts = |it| matches!(it, '+' | '-');
                let is_free = is_punctuation(before) || is_punctuation(after);
                if !is_free || counts(before) && counts(after) {
                    out.push(' ');
                }
            }
            '}' if out.ends_with(';') => {
                out.pop();
                out.push('}');
            }
            _ => out.push(next),
        }
        rest = &rest[next.len_utf8()..];
    }
}

fn is_punctuation(it: char) -> bool {
    "{}()[];,=<>*&|?:!+-".contains(it)
}

/// How far what is quoted reaches, with its quotes.
fn quoted(text: &str) -> usize {
    let mut characters = text.char_indices();
    let quote = characters.next().map(|(_, quote)| quote);
    while let Some((at, next)) = characters.next() {
        if next == '\\' {
            characters.next();
        } else if Some(next) == quote {
            return at + 1;
        }
    }
    text.len()
}
