//! Hooks: objects that are not kept in the cluster but run, once in each rollout.

use serde::{Deserialize, Serialize};

use api::{Object, ObjectKey};

use crate::manifest::title;
use crate::{Kinds, Manifest, Origin, Problem, WaveNumber, order};

const HOOK: [&str; 2] = ["kedge.dev/hook", "argocd.argoproj.io/hook"];
const DELETE: [&str; 2] = [
    "kedge.dev/hook-delete-policy",
    "argocd.argoproj.io/hook-delete-policy",
];
/// Which rollout a hook in the cluster is of.
pub const ROLLOUT_ANNOTATION: &str = "kedge.dev/hook-of";

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HookPhase {
    /// Before anything else of the commit.
    Before,
    /// Once all of the commit is healthy.
    After,
    /// After the rollout failed, and what it did was undone.
    OnFailure,
}

/// One hook of a commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hook {
    pub phase: HookPhase,
    /// All of a lower one end before the next ones are run.
    pub wave: WaveNumber,
    pub key: ObjectKey,
    pub origin: Origin,
    pub object: Object,
    /// Whether it is deleted once it ended well; what runs again is deleted before in any case.
    pub delete_succeeded: bool,
    /// Whether it is deleted once it failed.
    pub delete_failed: bool,
}

/// How far one hook is in a rollout, as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HookRun {
    Started,
    /// It ended well.
    Done,
}

impl HookPhase {
    /// `before`
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::OnFailure => "on failure",
        }
    }

    /// What is said of one that has not been run yet.
    pub fn when(self) -> &'static str {
        match self {
            Self::Before => "runs before the waves",
            Self::After => "runs once all waves are healthy",
            Self::OnFailure => "runs if the rollout fails",
        }
    }
}

impl Hook {
    /// `Job shop/migrate`
    pub fn title(&self) -> String {
        title(&self.object)
    }

    /// The object as it is created for this rollout.
    pub fn of(&self, rollout: &str) -> Object {
        let mut object = self.object.clone();
        object.set_annotation(ROLLOUT_ANNOTATION, rollout);
        object
    }
}

/// What the annotations of a manifest make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is kept in the cluster.
    Kept,
    /// It is not applied at all.
    Skipped,
    Hook(HookPhase),
}

/// Whether a manifest is a hook.
///
/// # Errors
/// A word that is no phase, or one that is not to be had here.
pub fn role(manifest: &Manifest) -> Result<Role, Problem> {
    let Some((annotation, text)) = annotation(&manifest.object, HOOK) else {
        return Ok(Role::Kept);
    };
    match text.trim() {
        "before" | "PreSync" => Ok(Role::Hook(HookPhase::Before)),
        "after" | "PostSync" => Ok(Role::Hook(HookPhase::After)),
        "onFailure" | "SyncFail" => Ok(Role::Hook(HookPhase::OnFailure)),
        "Skip" => Ok(Role::Skipped),
        _ => Err(problem(manifest, annotation, text).hint(
            "one of before, after and onFailure (Argo CD's PreSync, PostSync and SyncFail), or Skip",
        )),
    }
}

/// The hooks of a commit, in their order.
///
/// # Errors
/// Annotations that cannot be read, and kinds the server does not know.
pub fn hooks(kinds: &Kinds, manifests: &[Manifest]) -> Result<Vec<Hook>, Problem> {
    let mut hooks = Vec::new();
    for manifest in manifests {
        if let Role::Hook(phase) = role(manifest)? {
            hooks.push(hook(kinds, manifest, phase)?);
        }
    }
    hooks.sort_by(|a, b| {
        let place = |hook: &Hook| (hook.phase, hook.wave);
        let places = place(a).cmp(&place(b));
        places.then_with(|| order::compare(&a.object, &b.object))
    });
    Ok(hooks)
}

fn hook(kinds: &Kinds, manifest: &Manifest, phase: HookPhase) -> Result<Hook, Problem> {
    let key = kinds.key(&manifest.object);
    let mut hook = Hook {
        phase,
        wave: order::wave(manifest)?,
        key: key.ok_or_else(|| crate::validate::unknown_kind(kinds, manifest))?,
        origin: manifest.origin.clone(),
        object: manifest.object.clone(),
        delete_succeeded: false,
        delete_failed: false,
    };
    let Some((name, text)) = annotation(&manifest.object, DELETE) else {
        return Ok(hook);
    };
    for word in text.split(',') {
        match word.trim() {
            // There is no other way to run it again.
            "beforeCreation" | "BeforeHookCreation" => {}
            "succeeded" | "HookSucceeded" => hook.delete_succeeded = true,
            "failed" | "HookFailed" => hook.delete_failed = true,
            _ => {
                let hint = "any of beforeCreation, succeeded and failed (Argo CD's \
                            BeforeHookCreation, HookSucceeded and HookFailed)";
                return Err(problem(manifest, name, text).hint(hint));
            }
        }
    }
    Ok(hook)
}

fn annotation<'a>(object: &'a Object, names: [&'static str; 2]) -> Option<(&'static str, &'a str)> {
    let mut names = names.into_iter();
    names.find_map(|name| Some((name, object.annotation(name)?)))
}

fn problem(manifest: &Manifest, annotation: &str, text: &str) -> Problem {
    Problem::new(
        &manifest.origin.file,
        format!("{annotation} is {text:?}, which is not understood"),
    )
    .at(manifest.origin.line, 0)
    .field(format!("metadata.annotations[{annotation}]"))
    .object(title(&manifest.object))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Origin;

    fn manifest(name: &str, annotations: &serde_json::Value) -> Manifest {
        Manifest {
            object: json!({"apiVersion": "batch/v1", "kind": "Job",
                           "metadata": {"name": name, "namespace": "shop", "annotations": annotations}})
            .into(),
            origin: Origin {
                file: "web/job.yaml".into(),
                line: 2,
            },
        }
    }

    #[test]
    fn reads_its_own_words_and_those_of_argo() {
        use HookPhase::{After, Before, OnFailure};
        let check = |annotation: &str, text: &str, expected: Option<Role>| {
            let role = role(&manifest("a", &json!({annotation: text})));
            assert_eq!(role.ok(), expected, "{annotation}: {text}");
        };
        check("kedge.dev/hook", "before", Some(Role::Hook(Before)));
        check("kedge.dev/hook", "onFailure", Some(Role::Hook(OnFailure)));
        check(
            "argocd.argoproj.io/hook",
            "PostSync",
            Some(Role::Hook(After)),
        );
        check("argocd.argoproj.io/hook", "Skip", Some(Role::Skipped));
        check("argocd.argoproj.io/hook", "PreSync,PostSync", None);
        check("argocd.argoproj.io/hook", "PreDelete", None);
        check("other", "x", Some(Role::Kept));
    }

    #[test]
    fn hooks_come_in_order_and_say_when_they_are_deleted() {
        let manifests = [
            manifest(
                "check",
                &json!({"kedge.dev/hook": "after", "kedge.dev/hook-delete-policy": "succeeded"}),
            ),
            manifest("web", &json!({})),
            manifest(
                "second",
                &json!({"kedge.dev/hook": "before", "kedge.dev/sync-wave": "1"}),
            ),
            manifest(
                "first",
                &json!({"argocd.argoproj.io/hook": "PreSync",
                "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation, HookFailed"}),
            ),
        ];
        let found = hooks(&Kinds::served(), &manifests).unwrap();
        let said: Vec<_> = found
            .iter()
            .map(|it| (it.key.name.as_str(), it.delete_succeeded, it.delete_failed))
            .collect();
        assert_eq!(
            said,
            [
                ("first", false, true),
                ("second", false, false),
                ("check", true, false)
            ]
        );
        let object = found[0].of("web-7");
        assert_eq!(object.annotation(ROLLOUT_ANNOTATION), Some("web-7"));
        let wrong = manifest(
            "a",
            &json!({"kedge.dev/hook": "after", "kedge.dev/hook-delete-policy": "never"}),
        );
        let problem = hooks(&Kinds::served(), &[wrong]).unwrap_err();
        assert_eq!(problem.place(), "web/job.yaml:2");
    }
}
