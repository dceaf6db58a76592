//! YAML that reads the same everywhere: whatever YAML 1.1 takes for a number, a boolean or a date
//! is quoted.

use serde_json::Value;

/// Writes a value as one document, fields in their order, without `---`.
pub fn to_string(value: &Value) -> String {
    let options = serde_saphyr::ser_options! {
        // Folding wraps long lines; a command line or a key must stay as it is.
        folded_wrap_chars: usize::MAX,
    };
    serde_saphyr::to_string_with_options(value, options)
        .expect("a JSON value has only text keys and finite numbers")
}
