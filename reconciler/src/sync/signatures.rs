//! Which commits are followed by who signed them: those of the cluster repository where the
//! service was started with trusted keys, those of other repositories where an Application asks
//! for it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use api::Collection;
use api::kinds::{Verify, VerifyMode};
use client::Env;
use engine::application::{NAMESPACE, Source};
use engine::rollout::CommitId;
use engine::{Application, Problem, Problems};

use super::core::{Core, causes, recorded, unread};
use crate::config::Config;
use crate::service::Trouble;
use crate::source::signature::{Signed, verify};
use crate::source::{Error, Location, Repository, Trust};

/// Answers that are remembered.
const REMEMBERED: usize = 2_000;
/// New commits whose signatures are looked at one by one.
const COMMITS: usize = 500;

/// Cheap to clone; all clones remember the same.
#[derive(Clone)]
pub(crate) struct Signatures {
    env: Env,
    /// Where keys are put for a question.
    data: PathBuf,
    /// Of the cluster repository.
    tracked: Option<(PathBuf, VerifyMode)>,
    /// By what was asked: keys and content.
    known: Arc<Mutex<BTreeMap<String, Result<String, String>>>>,
}

impl Signatures {
    pub(crate) fn new(config: &Config, env: &Env) -> Self {
        Self {
            env: env.clone(),
            data: config.data.join("git/verify"),
            tracked: config.trusted_keys.clone(),
            known: Arc::default(),
        }
    }

    /// Whether commits of the cluster repository must be signed.
    pub(crate) fn are_wanted(&self) -> bool {
        self.tracked.is_some()
    }

    /// Who signed a commit of the cluster repository, and those below it that are new; nobody where
    /// nothing need be signed.
    ///
    /// # Errors
    /// The outer one where it cannot be said; the inner one is the refusal.
    pub(crate) async fn tracked(
        &self,
        location: &Location,
        old: Option<&CommitId>,
        new: &CommitId,
    ) -> Result<Result<Vec<String>, Problems>, client::Error> {
        let Some((directory, mode)) = &self.tracked else {
            return Ok(Ok(Vec::new()));
        };
        let old = old.filter(|_| *mode == VerifyMode::Commits).cloned();
        let trust = Trust::from_directory(directory).map_err(unread)?;
        let new = new.clone();
        let reading = location.read(move |git| commits(git, old.as_ref(), &new));
        let signed = reading.await.map_err(unread)?;
        let answer = self.ask(&trust, &signed).await.map_err(unread)?;
        Ok(answer.map_err(refusal))
    }

    /// Whether a commit is signed as all of these Applications ask for.
    ///
    /// # Errors
    /// As [`Self::tracked`].
    pub(crate) async fn of_all(
        &self,
        core: &Core,
        applications: &[&Application],
        location: &Location,
        commit: &CommitId,
    ) -> Result<Result<(), Problems>, client::Error> {
        for application in applications {
            for (index, source) in application.sources().enumerate() {
                let name = &application.name;
                let asked = self.of_source(core, (name, index, source), location, commit);
                if let Err(trouble) = asked.await? {
                    let text = format!("application {name}: {}", trouble.message);
                    return Ok(Err(refusal(vec![text])));
                }
            }
        }
        Ok(Ok(()))
    }

    /// Who signed what an Application follows; nobody where it asks for nothing.
    ///
    /// # Errors
    /// As [`Self::tracked`].
    pub(crate) async fn of(
        &self,
        core: &Core,
        application: &Application,
        commit: &CommitId,
    ) -> Result<Result<Vec<String>, Trouble>, client::Error> {
        let parts = commit.parts();
        let mut all = Vec::new();
        for (index, source) in application.sources().enumerate() {
            let commit = parts.get(index).or(parts.first()).unwrap_or(commit);
            let location = core.source_at(source).location;
            let name = &application.name;
            match self
                .of_source(core, (name, index, source), &location, commit)
                .await?
            {
                Ok(signers) => all.extend(signers),
                Err(trouble) => return Ok(Err(trouble)),
            }
        }
        all.dedup();
        Ok(Ok(all))
    }

    /// The same of one source.
    async fn of_source(
        &self,
        core: &Core,
        (name, index, source): (&str, usize, &Source),
        location: &Location,
        commit: &CommitId,
    ) -> Result<Result<Vec<String>, Trouble>, client::Error> {
        let Some(wanted) = &source.verify else {
            return Ok(Ok(Vec::new()));
        };
        let trust = match trust(core, wanted).await? {
            Ok(trust) => trust,
            Err(message) => return Ok(Err(Trouble::unverified(message))),
        };
        let old = match wanted.mode {
            VerifyMode::Commits => {
                let last = core.history.reader().last_success(name).await;
                let last = last.map_err(recorded)?;
                last.and_then(|last| last.revision.parts().get(index).cloned())
            }
            _ => None,
        };
        let revision = source.revision.clone();
        let (mode, commit) = (wanted.mode, commit.clone());
        let reading = location.read(move |git| {
            let mut signed = Vec::new();
            if mode != VerifyMode::Tag {
                signed.extend(commits(git, old.as_ref(), &commit)?);
            }
            if matches!(mode, VerifyMode::Tag | VerifyMode::TagAndHead) {
                let tag = git.tag_of(&revision)?;
                let tag = tag.map(|tag| git.signed_tag(&tag)).transpose()?.flatten();
                let Some(tag) = tag else {
                    return Ok(Err(format!("revision {revision:?} is no tag")));
                };
                signed.push(tag);
            }
            Ok(Ok(signed))
        });
        let signed = match reading.await {
            Ok(Ok(signed)) => signed,
            Ok(Err(message)) => return Ok(Err(Trouble::unverified(message))),
            Err(error) => return Ok(Err(Trouble::unverified(causes(&error)))),
        };
        Ok(match self.ask(&trust, &signed).await {
            Ok(answer) => answer.map_err(|all| Trouble::unverified(all.join("; "))),
            Err(error) => Err(Trouble::unverified(causes(&error))),
        })
    }

    /// Who signed each; or everything that is not signed by anybody who is trusted.
    async fn ask(
        &self,
        trust: &Trust,
        all: &[Signed],
    ) -> Result<Result<Vec<String>, Vec<String>>, Error> {
        let (mut signers, mut refused) = (Vec::new(), Vec::new());
        let digest = trust.digest();
        for signed in all {
            let name = format!("{digest} {} {:?}", signed.name, signed.signature);
            let known = self.lock().get(&name).cloned();
            let answer = if let Some(answer) = known {
                answer
            } else {
                let place = self.data.join(self.env.ids.uid());
                let answer = verify(signed, trust, place, &self.env).await?;
                let answer = answer
                    .map(|signer| signer.to_string())
                    .map_err(|why| format!("{} {why}", signed.name));
                self.remember(name, &answer);
                answer
            };
            match answer {
                Ok(signer) if signers.contains(&signer) => {}
                Ok(signer) => signers.push(signer),
                Err(why) => refused.push(why),
            }
        }
        Ok(if refused.is_empty() {
            Ok(signers)
        } else {
            Err(refused)
        })
    }

    /// Some time everything is asked again: keys expire.
    fn remember(&self, name: String, answer: &Result<String, String>) {
        let mut known = self.lock();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(name, answer.clone());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Result<String, String>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys of a ConfigMap or a Secret.
async fn trust(core: &Core, wanted: &Verify) -> Result<Result<Trust, String>, client::Error> {
    let (resource, kind, name) = match (&wanted.config_map, &wanted.secret) {
        (Some(name), None) => ("configmaps", "ConfigMap", name),
        (None, Some(name)) => ("secrets", "Secret", name),
        _ => {
            let text = "verify must name either a configMap or a secret with the trusted keys";
            return Ok(Err(text.into()));
        }
    };
    let place = format!("{kind} {NAMESPACE}/{name}");
    let key = Collection::new("", resource).key(NAMESPACE, name);
    let object = match core.client.get(&key).await {
        Ok(object) => object,
        Err(error) if error.is_not_found() => {
            return Ok(Err(format!("there is no {place} with the trusted keys")));
        }
        Err(error) => return Err(error),
    };
    let data = object.body["data"].as_object().into_iter().flatten();
    let values: Vec<(&str, Vec<u8>)> = data
        .filter_map(|(name, value)| {
            let text = value.as_str()?;
            let bytes = match kind {
                "Secret" => STANDARD.decode(text).ok()?,
                _ => text.as_bytes().to_vec(),
            };
            Some((name.as_str(), bytes))
        })
        .collect();
    let values = values.iter().map(|(name, value)| (*name, &value[..]));
    Ok(Trust::from_values(&place, values).map_err(|error| causes(&error)))
}

fn commits(git: &Repository, old: Option<&CommitId>, new: &CommitId) -> Result<Vec<Signed>, Error> {
    let ids = git.added(old, new)?;
    if ids.len() > COMMITS {
        return Err(Error::Many { count: ids.len() });
    }
    ids.iter().map(|id| git.signed_commit(id)).collect()
}

fn refusal(reasons: Vec<String>) -> Problems {
    let problem = |reason: String| {
        Problem::new("", reason).hint("sign with git commit -S, with a key that is trusted here")
    };
    Problems(reasons.into_iter().map(problem).collect())
}
