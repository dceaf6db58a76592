//! One line of a container log as CRI runtimes write it: `TIME STREAM TAG CONTENT`.

/// A line taken apart, nothing copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogLine<'a> {
    /// RFC 3339 with nanoseconds.
    pub time: &'a str,
    /// `stdout` or `stderr`.
    pub stream: &'a str,
    /// More of the same line follows.
    pub is_partial: bool,
    pub content: &'a [u8],
}

/// `line` is without its newline. `None`: not such a line.
pub(crate) fn parse(line: &[u8]) -> Option<LogLine<'_>> {
    let mut parts = line.splitn(4, |byte| *byte == b' ');
    let mut text = || std::str::from_utf8(parts.next()?).ok();
    let (time, stream, tag) = (text()?, text()?, text()?);
    let content = parts.next().unwrap_or_default();
    // Tags may grow: `P:more:tags`.
    let is_partial = match tag.split(':').next()? {
        "P" => true,
        "F" => false,
        _ => return None,
    };
    (stream == "stdout" || stream == "stderr").then_some(LogLine {
        time,
        stream,
        is_partial,
        content,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_lines_apart() {
        let time = "2026-11-21T02:42:47.216597221Z";
        let check = |rest: &str, expected: Option<(&str, bool, &str)>| {
            let line = format!("{time} {rest}");
            let found = parse(line.as_bytes());
            let expected = expected.map(|(stream, is_partial, content)| LogLine {
                time,
                stream,
                is_partial,
                content: content.as_bytes(),
            });
            assert_eq!(found, expected, "{rest}");
        };
        check("stdout F out", Some(("stdout", false, "out")));
        check(
            "stderr P  two  blanks ",
            Some(("stderr", true, " two  blanks ")),
        );
        check("stdout F ", Some(("stdout", false, "")));
        check("stdout F", Some(("stdout", false, "")));
        check("stdout F:x y", Some(("stdout", false, "y")));
        check("nowhere F x", None);
        check("stdout Q x", None);
        assert_eq!(parse(b""), None);
    }
}
