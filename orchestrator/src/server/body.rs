//! Request bodies: bounded, decoded once, checked for what they should not contain.

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use api::codec::{json, protobuf, strict, yaml};
use api::{Object, Reason, Status};

use crate::registry::FieldValidation;

use super::ApiError;
use super::negotiate::{self, Encoding};

/// The largest request body, as in Kubernetes.
pub(crate) const LIMIT: usize = 3 * 1024 * 1024;
/// A wave of a rollout is larger than one object.
pub(crate) const TRANSACTION_LIMIT: usize = 8 * 1024 * 1024;

/// Reads the whole body.
///
/// # Errors
/// 413 above `limit`, 400 where the connection breaks.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            let message = format!("the request body is larger than {limit} bytes");
            Err(Status::new(Reason::RequestEntityTooLarge, message).into())
        }
        Err(error) => Err(ApiError::bad_request(format!(
            "the request body cannot be read: {error}"
        ))),
    }
}

/// A decoded body, with what a lenient reader would have passed over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) object: Object,
    pub(crate) warnings: Vec<String>,
}

/// Decodes one object in the encoding its headers name; unknown and duplicate fields are refused
/// or reported as `validation` says.
pub(crate) fn decode(
    bytes: &[u8],
    headers: &HeaderMap,
    validation: FieldValidation,
) -> Result<Decoded, ApiError> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    decode_as(bytes, negotiate::content_type(content_type)?, validation)
}

pub(crate) fn decode_as(
    bytes: &[u8],
    encoding: Encoding,
    validation: FieldValidation,
) -> Result<Decoded, ApiError> {
    let (mut object, duplicates) = match encoding {
        Encoding::Protobuf => (protobuf::decode(bytes).map_err(unreadable)?, Vec::new()),
        Encoding::Json => {
            let parsed =
                json::parse(bytes).map_err(|error| ApiError::bad_request(error.message()))?;
            (Object::from(parsed.value), parsed.duplicates)
        }
        Encoding::Yaml => (
            Object::from(
                yaml::single(std::str::from_utf8(bytes).map_err(unreadable)?)
                    .map_err(unreadable)?,
            ),
            Vec::new(),
        ),
    };
    let findings = strict::check_object(&object);
    if let Some(mistyped) = findings.mistyped.first() {
        return Err(ApiError::bad_request(mistyped.to_string()));
    }
    if validation == FieldValidation::Strict
        && let Some(message) = strict::strict_error(&findings.unknown, &duplicates)
    {
        return Err(ApiError::bad_request(message));
    }
    if !findings.unknown.is_empty() {
        strict::prune(&mut object);
    }
    let warnings = match validation {
        FieldValidation::Warn => findings
            .unknown
            .iter()
            .map(ToString::to_string)
            .chain(
                duplicates
                    .iter()
                    .map(|field| format!("duplicate field \"{field}\"")),
            )
            .collect(),
        FieldValidation::Ignore | FieldValidation::Strict => Vec::new(),
    };
    Ok(Decoded { object, warnings })
}

fn unreadable(error: impl std::fmt::Display) -> ApiError {
    ApiError::bad_request(format!(
        "the body of the request cannot be decoded: {error}"
    ))
}
