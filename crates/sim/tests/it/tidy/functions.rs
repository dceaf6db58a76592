//! Finds the functions of a file, and the modules that are for tests only.

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    /// Where it begins, from 1.
    pub(super) line: usize,
    /// From `fn` to the closing brace.
    pub(super) lines: usize,
}

/// The functions in blanked code, nested ones too.
pub(super) fn functions(code: &str) -> Vec<Function> {
    let words = code.match_indices("fn ");
    let starts = words.filter(|(at, _)| {
        !code[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
    });
    starts
        .filter_map(|(at, word)| {
            let rest = &code[at + word.len()..];
            let name: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            let length = body_end(&code[at..])?;
            (!name.is_empty()).then(|| Function {
                name,
                line: code[..at].matches('\n').count() + 1,
                lines: code[at..at + length].matches('\n').count() + 1,
            })
        })
        .collect()
}

/// The length up to the brace that closes the first block; `None` where a `;` comes first.
fn body_end(code: &str) -> Option<usize> {
    let (mut depth, mut brackets) = (0_i32, 0_i32);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            ';' if depth == 0 && brackets == 0 => return None,
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth <= 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The code without items that only tests see.
pub(super) fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..at]);
        let item = &rest[at..];
        let semicolon = item.find(';').map_or(item.len(), |at| at + 1);
        let length = body_end(item).unwrap_or(semicolon);
        kept.extend(item[..length].chars().filter(|c| *c == '\n'));
        rest = &item[length..];
    }
    kept.push_str(rest);
    kept
}

#[test]
fn finds_functions_and_leaves_tests_out() {
    let code = "trait T {\n  fn a(x: [u8; 4]);\n  fn b() {\n    c! {}\n  }\n}\nfn d() {}\n";
    let function = |name: &str, line, lines| Function {
        name: name.into(),
        line,
        lines,
    };
    assert_eq!(functions(code), [function("b", 3, 3), function("d", 7, 1)]);
    let code = "use a;\n#[cfg(test)]\nuse b;\n#[cfg(test)]\nmod tests {\n  x {}\n}\nend";
    assert_eq!(without_tests(code), "use a;\n\n\n\n\n\n\nend");
}
