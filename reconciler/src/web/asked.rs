//! What an address or a form asks for, read into a shape of the handler's own. Every handler reads with
//! these two: what is missing is then told in one way everywhere, and the document at `/api` can be held
//! against what is really read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::HttpBody;
use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Uri, header};
use serde::de::DeserializeOwned;
use serde::de::value::Error as Unread;
use serde::{Deserialize, Deserializer, de::Visitor as Read, forward_to_deserialize_any};

use super::error::PageError;

/// The query of an address.
pub(super) struct Query<T>(pub(super) T);

/// A form that was sent.
pub(super) struct Form<T>(pub(super) T);

/// What somebody wrote into a form before they had to sign in again; it comes back in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Written {
    pub(super) reason: String,
}

/// A form with nothing but the mark of the session that it was shown to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Marked {
    pub(super) csrf: String,
}

/// What a handler reads, by name. A request that carries one is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(Arc<Mutex<BTreeSet<&'static str>>>);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        if let Some(names) = parts.extensions.get::<Names>() {
            names.note::<T>();
        }
        let read = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        read.map(|axum::extract::Query(read)| Self(read))
            .map_err(|rejected| wrong(&rejected.body_text()))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        if let Some(names) = request.extensions().get::<Names>() {
            names.note::<T>();
        }
        if is_empty(&request) {
            let nothing = axum::extract::Query::<T>::try_from_uri(&Uri::from_static("/"));
            return nothing
                .map(|axum::extract::Query(read)| Self(read))
                .map_err(|rejected| wrong(&rejected.body_text()));
        }
        match axum::Form::<T>::from_request(request, state).await {
            Ok(axum::Form(read)) => Ok(Self(read)),
            Err(FormRejection::BytesRejection(_)) => Err(PageError::TooLarge),
            Err(FormRejection::InvalidFormContentType(_)) => {
                let text = "a form is sent as application/x-www-form-urlencoded";
                Err(PageError::BadRequest(text.into()))
            }
            Err(rejected) => Err(wrong(&rejected.body_text())),
        }
    }
}

/// Whether nothing was sent, and nothing said of it: a program that has nothing to say.
fn is_empty(request: &Request) -> bool {
    !request.headers().contains_key(header::CONTENT_TYPE)
        && request.body().size_hint().exact() == Some(0)
}

/// Serde's sentence in the words that other parameters are told with.
fn wrong(told: &str) -> PageError {
    let why = told.split_once(": ").map_or(told, |(_, why)| why);
    let named = |what: &str| why.split_once(what)?.1.strip_suffix('`');
    PageError::BadParameter(
        match (named("missing field `"), named("duplicate field `")) {
            (Some(name), _) => format!("{name} is missing"),
            (_, Some(name)) => format!("{name} is said twice"),
            _ => why.to_owned(),
        },
    )
}

impl Names {
    fn note<T: DeserializeOwned>(&self) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.extend(fields::<T>());
    }

    /// All that were told.
    #[cfg(test)]
    pub(super) fn all(&self) -> BTreeSet<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

/// What a shape calls its fields: serde asks for them by name.
fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut fields: &[&str] = &[];
    // It never becomes a value: being asked is all.
    let _ = T::deserialize(Asking(&mut fields));
    fields
}

struct Asking<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asking<'_> {
    type Error = Unread;

    fn deserialize_struct<V: Read<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Unread> {
        *self.0 = fields;
        Err(serde::de::Error::custom("only its fields are wanted"))
    }

    fn deserialize_any<V: Read<'de>>(self, _: V) -> Result<V::Value, Unread> {
        *self.0 = &["of no shape with fields of its own"];
        Err(serde::de::Error::custom("it has no fields of its own"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "its fields are read by name alone")]
    struct Some {
        #[serde(default, rename = "type")]
        severity: String,
        q: String,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "its fields are read by name alone")]
    struct Hidden {
        #[serde(flatten)]
        more: Marked,
    }

    #[test]
    fn a_shape_tells_what_its_fields_are_called() {
        assert_eq!(fields::<Some>(), ["type", "q"]);
        assert_eq!(fields::<Marked>(), ["csrf"]);
        // Nobody can know what such a one reads: no document has that name.
        assert_eq!(fields::<Hidden>(), ["of no shape with fields of its own"]);
    }

    #[test]
    fn what_is_missing_is_told_by_its_name() {
        let check = |told: &str, expected: &str| {
            assert_eq!(wrong(told).to_string(), expected);
        };
        let query = "Failed to deserialize query string: ";
        check(&format!("{query}missing field `kind`"), "kind is missing");
        let role = "Failed to deserialize form body: role: unknown variant `x`";
        check(role, "role: unknown variant `x`");
        check(&format!("{query}duplicate field `q`"), "q is said twice");
    }
}
