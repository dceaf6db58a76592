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
