//! Who writes, as far as field management cares.

use crate::{Cause, Status};

/// Who sends a request and what part of the object the request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manager<'a> {
    /// `fieldManager`, or what [`Manager::name_from`] makes of a user agent.
    pub name: &'a str,
    /// `status`, `scale`, …; empty for the object itself.
    pub subresource: &'a str,
}

/// Bytes in the name of a manager.
const MAX_NAME: usize = 128;

impl<'a> Manager<'a> {
    /// The manager of a request that names none: the first part of its user agent.
    pub fn name_from(field_manager: &'a str, user_agent: &'a str) -> &'a str {
        if !field_manager.is_empty() {
            return field_manager;
        }
        let name = user_agent.split('/').next().unwrap_or_default();
        let mut end = name.len().min(MAX_NAME);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        match &name[..end] {
            "" => "unknown",
            name => name,
        }
    }
}

/// Whether the `fieldManager` of an apply request may stand; it must be given.
pub fn check_apply(field_manager: &str) -> Result<(), Status> {
    if field_manager.is_empty() {
        return Err(invalid(Cause::required(
            "fieldManager",
            "is required for apply patch",
        )));
    }
    check_name(field_manager)
}

/// Whether the `fieldManager` of any request may stand; it may be empty.
pub fn check_name(field_manager: &str) -> Result<(), Status> {
    if field_manager.len() > MAX_NAME {
        return Err(invalid(Cause {
            reason: "FieldValueTooLong".into(),
            message: format!("Too long: may not be more than {MAX_NAME} bytes"),
            field: "fieldManager".into(),
        }));
    }
    match field_manager.char_indices().find(|(_, c)| c.is_control()) {
        Some((place, c)) => Err(invalid(Cause::invalid(
            "fieldManager",
            &field_manager.into(),
            &format!(
                "invalid character U+{:04X} (at position {place})",
                u32::from(c)
            ),
        ))),
        None => Ok(()),
    }
}

fn invalid(cause: Cause) -> Status {
    Status::invalid("meta.k8s.io", "PatchOptions", "", vec![cause])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_request_or_its_user_agent() {
        let check = |given: &str, agent: &str, expected: &str| {
            assert_eq!(Manager::name_from(given, agent), expected);
        };
        check("flux", "kubectl/v1.36", "flux");
        check("", "kubectl/v1.36 (linux/amd64)", "kubectl");
        check("", "", "unknown");
        check("", &"é".repeat(100), &"é".repeat(64));
    }

    #[test]
    fn names_are_checked() {
        let check = |result: Result<(), Status>, expected: &str| {
            let message = result.map_or_else(|status| status.message, |()| String::new());
            assert_eq!(message, expected);
        };
        let prefix = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: ";
        check(check_name(""), "");
        check(check_apply("kubectl"), "");
        check(
            check_apply(""),
            &format!("{prefix}Required value: is required for apply patch"),
        );
        check(
            check_name(&"a".repeat(129)),
            &format!("{prefix}Too long: may not be more than 128 bytes"),
        );
        check(
            check_name("a\tb"),
            &format!("{prefix}Invalid value: \"a\\tb\": invalid character U+0009 (at position 1)"),
        );
    }
}
