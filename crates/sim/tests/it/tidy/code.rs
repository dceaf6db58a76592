//! Rust source with comments and the content of strings blanked out, so that what is left can be
//! searched and counted. Lines stay where they are.

/// Blanks comments, strings and characters; every other character keeps its line.
pub(super) fn code(text: &str) -> String {
    let mut scanner = Scanner {
        rest: text,
        code: String::with_capacity(text.len()),
    };
    while scanner.step() {}
    scanner.code
}

struct Scanner<'a> {
    rest: &'a str,
    code: String,
}

impl Scanner<'_> {
    /// `false` at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        let in_word = self
            .code
            .ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if self.rest.starts_with("//") {
            self.blank(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.blank(comment(self.rest));
        } else if let Some(length) = (!in_word).then(|| raw_string(self.rest)).flatten() {
            self.string(length);
        } else if first == '"' {
            self.string(string(self.rest));
        } else if let Some(length) = (first == '\'').then(|| character(self.rest)).flatten() {
            self.string(length);
        } else {
            self.code.push(first);
            self.rest = &self.rest[first.len_utf8()..];
        }
        true
    }

    /// Marks that something was there: `""`.
    fn string(&mut self, length: usize) {
        self.code.push_str("\"\"");
        self.blank(length);
    }

    fn blank(&mut self, length: usize) {
        let (gone, rest) = self.rest.split_at(length);
        self.code.extend(gone.chars().filter(|c| *c == '\n'));
        self.rest = rest;
    }
}

/// The length of a block comment; they nest.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of `r"…"`, `r#"…"#`, `br"…"`, if that is what `text` begins with.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let quoted = after.trim_start_matches('#');
    let end = format!("\"{}", "#".repeat(after.len() - quoted.len()));
    let body = quoted.strip_prefix('"')?;
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(text.len() - body.len() + length)
}

/// The length of a character; `None` for a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut rest = text.char_indices().skip(1);
    let (_, first) = rest.next()?;
    if first == '\\' {
        return text[2..].find('\'').map(|at| {
            let escaped_quote = text[2..].starts_with('\'');
            if escaped_quote { 4 } else { at + 3 }
        });
    }
    let (at, close) = rest.next()?;
    (close == '\'').then_some(at + 1)
}

#[test]
fn blanks_what_is_not_code() {
    let check = |text: &str, expected: &str| assert_eq!(code(text), expected, "{text}");
    check("a // b {\nc", "a \nc");
    check("a /* { /* } */\n*/ c", "a \n c");
    check(r#"f("}\"{", x)"#, r#"f("", x)"#);
    check("r#\"{ \" }\"# + br\"\\\"", "\"\" + \"\"");
    check("for_r\"x\"", "for_r\"\"");
    check(
        r"'{' '\'' '\u{7d}' '\\' &'a str",
        "\"\" \"\" \"\" \"\" &'a str",
    );
}
