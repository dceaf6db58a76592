//! What was found, repositories and settings for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::githost::Token;
use crate::service::RepositoryView;
use crate::web::access::Role;
use crate::web::view::search;

#[derive(Debug, Serialize)]
pub struct Hits {
    /// Exact ones first.
    pub items: Vec<Hit>,
}

/// Something that was found.
#[derive(Debug, Serialize)]
pub struct Hit {
    /// `Application`, `Commit`, `Message`, or the kind of an object.
    pub sort: String,
    pub name: String,
    pub page: String,
    /// Where it is.
    pub note: String,
    pub exact: bool,
}

impl Hit {
    pub(in crate::web) fn of(hit: search::Hit) -> Self {
        Self {
            sort: hit.sort,
            name: hit.name,
            page: hit.href,
            note: hit.note,
            exact: hit.exact,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Names {
    /// By namespace and name.
    pub items: Vec<Name>,
}

/// An object of the kind that was asked for.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Name {
    /// Empty for what is in none.
    pub namespace: String,
    pub name: String,
}

/// The cluster's own first.
#[derive(Debug, Serialize)]
pub struct Repositories {
    pub items: Vec<RepositoryView>,
}

/// Of one browser.
#[derive(Debug, Serialize)]
pub struct Preferences {
    /// `system`, `light` or `dark`.
    pub theme: &'static str,
    pub shortcuts: bool,
    /// A name of the IANA database.
    pub zone: String,
}

/// Who may do what.
#[derive(Debug, Serialize)]
pub struct Access {
    /// Who asks, and what they may do with every Application.
    pub user: String,
    pub role: Role,
    /// What else they may do, by Application.
    pub applications: BTreeMap<String, Role>,
    pub rules: Vec<AccessRule>,
    /// Applications whose badge anybody may read; `*` stands for any letters.
    pub badges: Vec<String>,
}

/// One rule.
#[derive(Debug, Serialize)]
pub struct AccessRule {
    pub role: Role,
    /// Names and groups.
    pub who: String,
    /// Names, in which `*` stands for any letters.
    pub applications: String,
}

impl From<(Role, String, String)> for AccessRule {
    fn from((role, who, applications): (Role, String, String)) -> Self {
        Self {
            role,
            who,
            applications,
        }
    }
}

/// A token that was just made.
#[derive(Debug, Serialize)]
pub struct NewToken {
    #[serde(flatten)]
    pub token: Token,
    /// It is in no other answer.
    pub secret: String,
}
