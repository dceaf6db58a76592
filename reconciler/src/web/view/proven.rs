//! How far an application is what its commit says, and when that was last proven. Pure.

use askama::Template;
use jiff::Timestamp;
use std::collections::BTreeSet;

use api::ObjectKey;

use super::commit::chip;
use super::component::{CommitChip, Icon, Tone, encoded};
use super::facts::Facts;
use super::proof::Proven;
use super::time::When;
use crate::history::{Action, Drift, ObjectResult, RolloutDetail};

/// What the page of an application says of it.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    /// How it is now; `None` where nobody counts.
    pub badge: Option<Badge>,
    pub last: Option<Last>,
}

/// A shield with how many objects match.
#[derive(Debug, Template, PartialEq, Eq)]
#[template(path = "proof/badge.html")]
pub(crate) struct Badge {
    pub tone: Tone,
    pub icon: Icon,
    /// `13 of 14`
    pub count: String,
    /// `match 7f3c2ab`
    pub text: String,
    /// Empty where no page has more of it.
    pub href: String,
}

/// The newest proof.
#[derive(Debug)]
pub(crate) struct Last {
    pub commit: CommitChip,
    pub when: When,
    /// Whether it was so before, and not all the time since.
    pub again: bool,
    /// `14 of 14`
    pub count: String,
    pub href: String,
}

impl Badge {
    fn warned(self) -> Self {
        Self {
            tone: Tone::Warn,
            ..self
        }
    }
}

/// While a rollout runs it is about its commit, else about the one that is live. `open` is what others
/// changed and is there still.
pub(crate) fn proof(
    facts: &Facts,
    running: Option<&RolloutDetail>,
    proven: Option<&Proven>,
    open: &[Drift],
    now: Timestamp,
) -> Proof {
    let href = |proven: &Proven| {
        let commit = super::commit::canonical(&proven.commit);
        format!("/proofs/{}/{}", encoded(&commit), encoded(&facts.name))
    };
    let badge = match (running, proven) {
        (Some(running), _) => Some(under_way(running)),
        (None, Some(proven)) if proven.commit == facts.live() && facts.held.is_none() => {
            // What is left over is none of the commit's.
            let changed = open.iter().filter(|drift| drift.what != "left over");
            let changed: BTreeSet<&ObjectKey> = changed.map(|drift| &drift.key).collect();
            let matching = proven.matching.saturating_sub(changed.len());
            let short = proven.commit.short();
            // What drifted is back, and nobody has looked at all of it since.
            let ended = proven.until.is_some() && changed.is_empty();
            let text = if ended {
                format!("matched {short}, not proven again yet")
            } else {
                format!("match {short}")
            };
            let whole = badge((matching, proven.objects), text, href(proven));
            Some(if ended { whole.warned() } else { whole })
        }
        _ => None,
    };
    Proof {
        badge,
        last: proven.map(|proven| Last {
            commit: chip(&proven.commit),
            when: When::ago(proven.at, now),
            again: proven.again,
            count: format!("{} of {}", proven.matching, proven.objects),
            href: href(proven),
        }),
    }
}

/// How much of a commit is in the cluster while it is brought there.
fn under_way(running: &RolloutDetail) -> Badge {
    let is_wanted = |it: &&ObjectResult| {
        matches!(
            it.action,
            Action::Create | Action::Change | Action::Unchanged
        )
    };
    let wanted = || running.objects.iter().filter(is_wanted);
    let is_there = |it: &&ObjectResult| it.action == Action::Unchanged || it.applied_at.is_some();
    let text = format!("match {}", running.rollout.revision.short());
    let href = format!("/rollouts/{}", encoded(&running.rollout.id));
    badge(
        (wanted().filter(is_there).count(), wanted().count()),
        text,
        href,
    )
}

fn badge((matching, all): (usize, usize), text: String, href: String) -> Badge {
    Badge {
        tone: if matching == all {
            Tone::Ok
        } else {
            Tone::Warn
        },
        icon: Icon("proof"),
        count: format!("{matching} of {all}"),
        text,
        href,
    }
}

/// The same of all applications, for the head of their list; `None` where there are none.
pub(crate) fn of_all(all: &[Facts]) -> Option<Badge> {
    let first = all.iter().find(|facts| !facts.wanted.0.is_empty())?;
    let proven = all.iter().filter(|facts| facts.is_proven()).count();
    let is_one = all.iter().all(|facts| facts.wanted == first.wanted);
    let text = if is_one {
        format!("proven at {}", first.wanted.short())
    } else {
        "proven at what they follow".into()
    };
    Some(badge((proven, all.len()), text, String::new()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use api::Collection;
    use engine::rollout::{CommitId, RolloutPhase, SyncStatus};

    use super::super::checks::tests::facts;
    use super::super::tests::{now, rollout};
    use super::*;

    fn proven(matching: usize) -> Proven {
        Proven {
            rollout: "web-1".into(),
            commit: CommitId("a".repeat(40)),
            at: now(),
            until: None,
            again: false,
            matching,
            objects: 14,
        }
    }

    fn said(proof: &Proof) -> Option<(String, Tone, &str)> {
        let badge = proof.badge.as_ref()?;
        let text = format!("{} {}", badge.count, badge.text);
        Some((text, badge.tone, badge.href.as_str()))
    }

    #[test]
    fn a_badge_counts_what_matches_the_live_commit() {
        let mut facts = facts();
        facts.last = Some(Arc::new(rollout(RolloutPhase::Succeeded, 100)));
        let of = |facts: &Facts, open: &[Drift]| proof(facts, None, Some(&proven(14)), open, now());
        let href = "/proofs/aaaaaaaaaaaa/web";
        let whole = of(&facts, &[]);
        let text = |count: &str| format!("{count} match aaaaaaa");
        assert_eq!(said(&whole), Some((text("14 of 14"), Tone::Ok, href)));
        let last = whole.last.as_ref().unwrap();
        assert_eq!(
            (last.count.as_str(), last.href.as_str()),
            ("14 of 14", href)
        );
        let drift = |name: &str, what: &str| Drift {
            at: now(),
            last_at: now(),
            times: 1,
            lasted_ms: None,
            application: "web".into(),
            key: Collection::new("apps", "deployments").key("shop", name),
            kind: "Deployment".into(),
            what: what.into(),
            actor: String::new(),
            writer: String::new(),
            written_at: None,
            changes: Vec::new(),
            ended_at: None,
            ending: None,
        };
        let open = [
            drift("web", "changed"),
            drift("web", "deleted"),
            drift("old", "left over"),
        ];
        assert_eq!(
            said(&of(&facts, &open)),
            Some((text("13 of 14"), Tone::Warn, href))
        );
        // It ended, and was not looked at again.
        let over = Proven {
            until: Some(now()),
            ..proven(14)
        };
        let over = proof(&facts, None, Some(&over), &[], now());
        let text = "14 of 14 matched aaaaaaa, not proven again yet".to_owned();
        assert_eq!(said(&over), Some((text, Tone::Warn, href)));
        // Another commit is live, or nobody knows what is.
        facts.last = Some(Arc::new(rollout(RolloutPhase::Failed, 100)));
        assert_eq!(said(&of(&facts, &[])), None);
        assert!(proof(&facts, None, None, &[], now()).last.is_none());
    }

    #[test]
    fn the_list_says_how_many_are_proven() {
        let one = |applied: &str, sync| Facts {
            wanted: CommitId("a".repeat(40)),
            applied: CommitId(applied.repeat(40)),
            sync,
            last: None,
            proof_stands: true,
            ..facts()
        };
        let put_back = Facts {
            proof_stands: false,
            ..one("a", SyncStatus::Synced)
        };
        let all = [
            one("a", SyncStatus::Synced),
            put_back,
            one("b", SyncStatus::OutOfSync),
        ];
        let badge = of_all(&all).unwrap();
        assert_eq!((badge.count.as_str(), badge.tone), ("1 of 3", Tone::Warn));
        assert_eq!(badge.text, "proven at aaaaaaa");
        assert!(of_all(&[]).is_none());
    }
}
