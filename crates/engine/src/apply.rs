//! How an object is applied, where server-side apply will not do.

use api::Object;

use crate::manifest::title;
use crate::{Manifest, Problem};

/// The annotation that says so.
pub const ANNOTATION: &str = "kedge.dev/apply";
const ARGO_OPTIONS: &str = "argocd.argoproj.io/sync-options";
const FLUX_FORCE: &str = "kustomize.toolkit.fluxcd.io/force";

/// What brings a live object to its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Server-side apply: fields of others stay.
    #[default]
    Apply,
    /// The object becomes what the manifest says, whatever others added.
    Replace,
    /// As `Apply`, and where the server refuses since a field cannot be changed, the object is
    /// deleted and made again.
    Recreate,
}

/// What the manifest asks for.
///
/// # Errors
/// A word that is none.
pub fn method(manifest: &Manifest) -> Result<Method, Problem> {
    of(&manifest.object).map_err(|word| {
        Problem::new(
            &manifest.origin.file,
            format!("{ANNOTATION} is {word:?}, which is no way to apply an object"),
        )
        .at(manifest.origin.line, 0)
        .field(format!("metadata.annotations[{ANNOTATION}]"))
        .object(title(&manifest.object))
        .hint("one of apply, replace and recreate")
    })
}

/// As [`method`], of an object that was checked before.
pub fn checked(object: &Object) -> Method {
    of(object).unwrap_or_default()
}

fn of(object: &Object) -> Result<Method, &str> {
    match object.annotation(ANNOTATION) {
        Some("apply") => return Ok(Method::Apply),
        Some("replace") => return Ok(Method::Replace),
        Some("recreate") => return Ok(Method::Recreate),
        Some(word) => return Err(word),
        None => {}
    }
    let options = object.annotation(ARGO_OPTIONS).unwrap_or_default();
    let option = |name: &str| options.split(',').any(|option| option.trim() == name);
    let forced = object.annotation(FLUX_FORCE) == Some("enabled");
    Ok(match () {
        () if option("Force=true") || forced => Method::Recreate,
        () if option("Replace=true") => Method::Replace,
        () => Method::Apply,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_three_spellings_and_no_other_word() {
        let check = |name: &str, value: &str, expected: Option<Method>| {
            let body = json!({"kind": "Job", "metadata": {"annotations": {name: value}}});
            let found = method(&Manifest {
                object: body.into(),
                origin: crate::Origin::default(),
            });
            assert_eq!(found.as_ref().ok(), expected.as_ref(), "{name}: {value}");
        };
        check(ANNOTATION, "apply", Some(Method::Apply));
        check(ANNOTATION, "replace", Some(Method::Replace));
        check(ANNOTATION, "recreate", Some(Method::Recreate));
        check(ANNOTATION, "force", None);
        check(
            ARGO_OPTIONS,
            "Prune=false, Replace=true",
            Some(Method::Replace),
        );
        check(
            ARGO_OPTIONS,
            "Replace=true,Force=true",
            Some(Method::Recreate),
        );
        check(FLUX_FORCE, "enabled", Some(Method::Recreate));
        check(FLUX_FORCE, "disabled", Some(Method::Apply));
        check("other", "replace", Some(Method::Apply));
    }
}
