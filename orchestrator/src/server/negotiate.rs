//! Which representation a client gets: the `Accept` header, read as Kubernetes reads it.
//!
//! A clause with an unknown parameter value is passed over for the next one; only when no clause
//! can be met is the answer 406.

use super::error::ApiError;

/// What a response is to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Representation {
    pub encoding: Encoding,
    pub shape: Shape,
    /// What the rows of a table carry besides their cells.
    pub include: Include,
    /// The media type carried `stream=watch`.
    pub stream: bool,
}

/// `includeObject` of a request for a table: what clients sort and select rows by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Include {
    None,
    #[default]
    Metadata,
    Object,
}

impl Include {
    /// # Errors
    /// 400 for a word that Kubernetes does not know either.
    pub fn parse(word: Option<&str>) -> Result<Self, ApiError> {
        match word {
            None | Some("Metadata") => Ok(Self::Metadata),
            Some("None") => Ok(Self::None),
            Some("Object") => Ok(Self::Object),
            Some(word) => Err(ApiError::bad_request(format!(
                "includeObject must be None, Metadata or Object, not {word:?}"
            ))),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Json,
    Yaml,
    /// `application/vnd.kubernetes.protobuf`
    Protobuf,
}

/// The version of `meta.k8s.io` that a shape is asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetaVersion {
    V1,
    V1Beta1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As stored.
    Object,
    Table(MetaVersion),
    PartialObjectMetadata(MetaVersion),
    PartialObjectMetadataList(MetaVersion),
}

/// What a kind of endpoint can answer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    pub encodings: &'static [Encoding],
    /// Tables and bare metadata, for everything that is backed by stored objects.
    pub shapes: bool,
}

/// Objects and lists of them.
pub const OBJECTS: Offer = Offer {
    encodings: &[Encoding::Json, Encoding::Yaml, Encoding::Protobuf],
    shapes: true,
};
/// Kinds of our own, which have no protobuf form.
pub const OWN_OBJECTS: Offer = Offer {
    encodings: &[Encoding::Json, Encoding::Yaml],
    shapes: true,
};
/// Answers that are no stored object: reviews, tokens, subresources.
pub const VIRTUAL: Offer = Offer {
    encodings: &[Encoding::Json, Encoding::Yaml, Encoding::Protobuf],
    shapes: false,
};
/// Documents in JSON only.
pub const DOCUMENTS: Offer = Offer {
    encodings: &[Encoding::Json],
    shapes: false,
};

/// How discovery is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discovery {
    /// `APIGroupList` or `APIVersions`.
    Plain,
    /// `APIGroupDiscoveryList` in `apidiscovery.k8s.io`.
    Aggregated(DiscoveryVersion),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscoveryVersion {
    V2,
    V2Beta1,
}

/// How `/openapi/v2` is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenApiV2 {
    Json,
    /// `application/com.github.proto-openapi.spec.v2@v1.0+protobuf`
    Protobuf,
}

/// Picks the representation of an object or a list.
pub fn representation(accept: &str, offer: Offer) -> Result<Representation, ApiError> {
    for clause in clauses(accept) {
        let Some(encoding) = encoding(clause.media_type, offer.encodings) else {
            continue;
        };
        let Some(shape) = shape(&clause) else {
            continue;
        };
        if shape == Shape::Object || (offer.shapes && encoding != Encoding::Protobuf) {
            let stream = clause.parameter("stream") == Some("watch");
            return Ok(Representation {
                encoding,
                shape,
                include: Include::default(),
                stream,
            });
        }
    }
    Err(not_acceptable(offer))
}

/// Picks the form of `/api` and `/apis`.
pub fn discovery(accept: &str) -> Result<Discovery, ApiError> {
    for clause in clauses(accept) {
        if encoding(clause.media_type, DOCUMENTS.encodings).is_none() {
            continue;
        }
        match clause.parameter("as") {
            None => return Ok(Discovery::Plain),
            Some("APIGroupDiscoveryList")
                if clause.parameter("g") == Some("apidiscovery.k8s.io") =>
            {
                match clause.parameter("v") {
                    Some("v2") => return Ok(Discovery::Aggregated(DiscoveryVersion::V2)),
                    Some("v2beta1") => return Ok(Discovery::Aggregated(DiscoveryVersion::V2Beta1)),
                    _ => {}
                }
            }
            Some(_) => {}
        }
    }
    Err(not_acceptable(DOCUMENTS))
}

/// Picks the form of `/openapi/v2`.
pub fn openapi_v2(accept: &str) -> Result<OpenApiV2, ApiError> {
    const NAMES: [&str; 2] = [
        "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
        "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
    ];
    for clause in clauses(accept) {
        if NAMES.contains(&clause.media_type) {
            return Ok(OpenApiV2::Protobuf);
        }
        if encoding(clause.media_type, &[Encoding::Json]).is_some() {
            return Ok(OpenApiV2::Json);
        }
    }
    Err(ApiError::not_acceptable(&["application/json", NAMES[0]]))
}

/// The encoding of a request body; an absent type reads as JSON.
pub fn content_type(value: &str) -> Result<Encoding, ApiError> {
    let media_type = value.split(';').next().unwrap_or_default().trim();
    match media_type.to_ascii_lowercase().as_str() {
        "" | "application/json" => Ok(Encoding::Json),
        "application/yaml" | "application/x-yaml" | "text/yaml" => Ok(Encoding::Yaml),
        "application/vnd.kubernetes.protobuf" => Ok(Encoding::Protobuf),
        _ => Err(ApiError::unsupported_media_type(value)),
    }
}

impl Encoding {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
            Self::Protobuf => "application/vnd.kubernetes.protobuf",
        }
    }
}

impl MetaVersion {
    /// The `apiVersion` of the answer.
    pub fn api_version(self) -> &'static str {
        match self {
            Self::V1 => "meta.k8s.io/v1",
            Self::V1Beta1 => "meta.k8s.io/v1beta1",
        }
    }
}

struct Clause<'a> {
    media_type: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Clause<'a> {
    fn parameter(&self, name: &str) -> Option<&'a str> {
        self.parameters
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// In thousandths; an unreadable weight is the highest, as an absent one is.
    fn weight(&self) -> u32 {
        let Some(value) = self.parameter("q") else {
            return 1000;
        };
        let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
        match whole.trim() {
            "0" => format!("{fraction:0<3}")
                .get(..3)
                .and_then(|digits| digits.parse().ok())
                .unwrap_or(1000),
            _ => 1000,
        }
    }
}

/// The clauses by falling weight; those of the same weight in the order they were written.
fn clauses(accept: &str) -> Vec<Clause<'_>> {
    const LIMIT: usize = 64;
    let mut clauses: Vec<Clause<'_>> = accept
        .split(',')
        .map(str::trim)
        .filter(|clause| !clause.is_empty())
        .take(LIMIT)
        .map(clause)
        .filter(|clause| clause.weight() > 0)
        .collect();
    if accept.trim().is_empty() {
        clauses.push(clause("*/*"));
    }
    clauses.sort_by_key(|clause| std::cmp::Reverse(clause.weight()));
    clauses
}

fn clause(text: &str) -> Clause<'_> {
    let mut parts = text.split(';').map(str::trim);
    Clause {
        media_type: parts.next().unwrap_or_default(),
        parameters: parts
            .filter_map(|part| part.split_once('='))
            .map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
            .collect(),
    }
}

fn encoding(media_type: &str, offered: &[Encoding]) -> Option<Encoding> {
    let encoding = match media_type.to_ascii_lowercase().as_str() {
        "*/*" | "application/*" | "application/json" => Encoding::Json,
        "application/yaml" | "application/x-yaml" | "text/yaml" => Encoding::Yaml,
        "application/vnd.kubernetes.protobuf" => Encoding::Protobuf,
        _ => return None,
    };
    offered.contains(&encoding).then_some(encoding)
}

fn shape(clause: &Clause<'_>) -> Option<Shape> {
    let Some(name) = clause.parameter("as") else {
        return Some(Shape::Object);
    };
    if clause.parameter("g") != Some("meta.k8s.io") {
        return None;
    }
    let version = match clause.parameter("v") {
        Some("v1") => MetaVersion::V1,
        Some("v1beta1") => MetaVersion::V1Beta1,
        _ => return None,
    };
    match name {
        "Table" => Some(Shape::Table(version)),
        "PartialObjectMetadata" => Some(Shape::PartialObjectMetadata(version)),
        "PartialObjectMetadataList" => Some(Shape::PartialObjectMetadataList(version)),
        _ => None,
    }
}

fn not_acceptable(offer: Offer) -> ApiError {
    let names: Vec<&str> = offer.encodings.iter().map(|e| e.media_type()).collect();
    ApiError::not_acceptable(&names)
}

#[cfg(test)]
mod tests;
