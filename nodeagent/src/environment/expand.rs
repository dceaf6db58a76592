//! `$(NAME)` in commands, arguments and values, as Kubernetes expands it.

/// Replaces `$(NAME)` by what `find` knows; an unknown name stays as it is, `$$` is one `$`.
pub(crate) fn expand(text: &str, find: impl Fn(&str) -> Option<String>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        if let Some(after) = tail.strip_prefix('$') {
            result.push('$');
            rest = after;
        } else if let Some((name, after)) = tail
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'))
        {
            match find(name) {
                Some(value) => result.push_str(&value),
                None => result.push_str(&rest[at..at + name.len() + 3]),
            }
            rest = after;
        } else {
            result.push('$');
            rest = tail;
        }
    }
    result.push_str(rest);
    result
}
