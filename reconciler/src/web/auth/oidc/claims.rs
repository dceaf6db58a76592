//! What an ID token says of somebody.

use std::collections::BTreeMap;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, Client, ClientId, ClientSecret, EmptyExtraTokenFields, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IdTokenClaims, IdTokenFields, StandardErrorResponse,
    StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::User;
use crate::githost::ADMIN;
use crate::web::access::Role;

/// Groups that are taken from a token at most.
const MOST_GROUPS: usize = 1_000;
/// Characters of a name.
const NAME: usize = 200;

/// The claims that no standard names.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Further {
    #[serde(flatten)]
    all: BTreeMap<String, Value>,
}

impl AdditionalClaims for Further {}

type Fields = IdTokenFields<
    Further,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// What the token endpoint answers.
pub(super) type Answer = StandardTokenResponse<Fields, CoreTokenType>;

/// The library's client, with the claims above, that knows what its provider says of itself.
pub(super) type Discovered = Client<
    Further,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Answer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

pub(super) fn client(
    metadata: CoreProviderMetadata,
    id: ClientId,
    secret: Option<ClientSecret>,
) -> Discovered {
    Discovered::from_provider_metadata(metadata, id, secret)
}

/// Who it is. `groups` is the name of the claim that has them.
pub(super) fn user(claims: &IdTokenClaims<Further, CoreGenderClaim>, groups: &str) -> User {
    // An address that nobody proved may be anybody's.
    let is_proven = claims.email_verified() != Some(false);
    let email = claims.email().filter(|_| is_proven);
    let email = email.map(|it| it.as_str().to_owned()).unwrap_or_default();
    let name = claims.preferred_username().map(|it| it.as_str());
    let name = match name {
        // Only the admin token makes an admin of this name.
        Some(name) if !name.is_empty() && name != ADMIN => name,
        _ if !email.is_empty() => &email,
        _ => claims.subject().as_str(),
    };
    User {
        name: printable(name),
        groups: said(claims.additional_claims().all.get(groups)),
        email: printable(&email),
        everywhere: Role::Viewer,
    }
}

/// A list of texts, or one.
fn said(claim: Option<&Value>) -> Vec<String> {
    let texts = match claim {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    };
    let groups = texts.into_iter().map(ToOwned::to_owned);
    groups.take(MOST_GROUPS).collect()
}

/// It becomes part of commits and pages.
fn printable(text: &str) -> String {
    let kept = text
        .chars()
        .filter(|letter| !letter.is_control() && !matches!(letter, '<' | '>'));
    kept.take(NAME).collect::<String>().trim().to_owned()
}
