//! `GET` and `POST /repositories/{name}/rules`, `POST /repositories/{name}/rules/delete`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;

use super::error::ApiError;
use super::{Deps, Items};
use crate::githost::rule::Rule;
use crate::web::asked::Form;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    pattern: String,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    deletion: bool,
    /// Users, separated by commas; empty for all who may write.
    #[serde(default)]
    pushers: String,
}

/// Which rule goes.
#[derive(Debug, Deserialize)]
pub(super) struct Ended {
    pattern: String,
}

impl Deps {
    /// With the rule that holds though nobody made it.
    fn rules(&self, name: &str) -> Result<Json<Items<Rule>>, ApiError> {
        if self.repositories.get(name).is_none() {
            return Err(ApiError::Missing(format!(
                "there is no repository {name} here"
            )));
        }
        let mut items = self.repositories.rules(name);
        let default = self.repositories.default_branch(name);
        if !items.iter().any(|rule| rule.pattern == default) {
            items.insert(0, Rule::strict(default));
        }
        Ok(Json(Items { items }))
    }
}

pub(super) async fn list(
    State(deps): State<Arc<Deps>>,
    Path(name): Path<String>,
) -> Result<Json<Items<Rule>>, ApiError> {
    deps.rules(&name)
}

pub(super) async fn put(
    State(deps): State<Arc<Deps>>,
    Path(name): Path<String>,
    Form(asked): Form<Asked>,
) -> Result<Json<Items<Rule>>, ApiError> {
    let pushers = asked.pushers.split(',').map(str::trim);
    let rule = Rule {
        pattern: asked.pattern,
        allow_force: asked.force,
        allow_deletion: asked.deletion,
        pushers: pushers
            .filter(|user| !user.is_empty())
            .map(Into::into)
            .collect(),
    };
    deps.repositories.protect(&name, rule).await?;
    deps.rules(&name)
}

pub(super) async fn delete(
    State(deps): State<Arc<Deps>>,
    Path(name): Path<String>,
    Form(asked): Form<Ended>,
) -> Result<Json<Items<Rule>>, ApiError> {
    deps.repositories.unprotect(&name, &asked.pattern).await?;
    deps.rules(&name)
}
