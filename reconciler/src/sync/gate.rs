//! What a push to the hosted repository has to pass, and what its pusher is told.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tracing::warn;

use engine::rollout::CommitId;

use super::change::{self, Branch};
use super::check;
use super::core::{Core, causes, recorded, unread};
use super::progress::{self, Goal};
use super::pushed;
use super::told;
use super::turn::Turn;
use crate::forge::{Change, Verdict as Planned};
use crate::githost::hosted::CLUSTER;
use crate::githost::{Accept, Gate, Lines, Pushed, Update};
use crate::history::{NewStep, Push, StepKind, StepQuery, Trigger, Verdict, Write};
use crate::source::{HOSTED, Location};

/// How long a push's check may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// Branches of one push that are planned.
const BRANCHES: usize = 5;

/// Decides about pushes to the repository that is followed.
pub(crate) struct PushGate {
    core: Arc<Core>,
    turn: Turn,
}

#[async_trait]
impl Gate for PushGate {
    async fn before(&self, pushed: &Pushed, lines: &Lines) -> Accept {
        let Some(hosted) = self.core.hosted.get(&pushed.repository) else {
            lines.say("this repository was deleted meanwhile").await;
            return Accept::No;
        };
        let location = Location {
            path: hosted.path,
            quarantine: pushed.request.quarantine.clone(),
        };
        let checking = self.check_all(pushed, &location, lines);
        let checked = tokio::select! {
            checked = checking => Some(checked),
            () = self.core.env.clock.sleep(PATIENCE) => None,
        };
        let accept = match checked {
            Some(Ok(accept)) => accept,
            None => {
                lines
                    .say("the check took too long; nothing was changed, try again")
                    .await;
                Accept::No
            }
            Some(Err(error)) => {
                let text = causes(&error);
                warn!(error = %text, "cannot check a push");
                let text = format!("the commit cannot be checked now: {text}");
                lines.say(&text).await;
                lines.say("nothing was changed; try again").await;
                Accept::No
            }
        };
        if accept == Accept::No {
            self.turn.end(&pushed.request.push);
        }
        accept
    }

    async fn after(&self, pushed: &Pushed, lines: &Lines) {
        self.turn.end(&pushed.request.push);
        if let Err(error) = self.follow_all(pushed, lines).await {
            warn!(error = %causes(&error), "cannot follow a push");
            lines
                .say("the push is accepted; its progress cannot be shown")
                .await;
            wake(&self.core, pushed);
        }
    }
}

impl PushGate {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: core.clone(),
            turn: Turn::default(),
        }
    }

    /// What is pushed to the branch that is followed, if anything is.
    fn tracked<'a>(&self, pushed: &'a Pushed) -> Option<&'a Update> {
        if !self.core.source.is_hosted() || pushed.repository != CLUSTER {
            return None;
        }
        let name = format!("refs/heads/{}", self.core.config.branch);
        pushed
            .request
            .updates
            .iter()
            .find(|update| update.name == name)
    }

    async fn check_all(
        &self,
        pushed: &Pushed,
        location: &Location,
        lines: &Lines,
    ) -> Result<Accept, client::Error> {
        if let Some(update) = self.tracked(pushed)
            && self.check(pushed, update, location, lines).await? == Accept::No
        {
            return Ok(Accept::No);
        }
        pushed::check_all(&self.core, pushed, location, lines).await
    }

    async fn follow_all(&self, pushed: &Pushed, lines: &Lines) -> Result<(), client::Error> {
        let core = &self.core;
        let id = &pushed.request.push;
        if self.tracked(pushed).is_some() {
            follow(core, pushed, (id, &Goal::Everything), lines).await?;
        }
        for (id, goal) in pushed::goals(core, pushed).await? {
            follow(core, pushed, (&id, &goal), lines).await?;
        }
        self.plan_branches(pushed, lines).await;
        Ok(())
    }

    /// Plans the branches that nobody follows, as if they were merged.
    async fn plan_branches(&self, pushed: &Pushed, lines: &Lines) {
        let core = &self.core;
        let repository = &pushed.repository;
        let is_read = (core.source.is_hosted() && repository == CLUSTER)
            || !core.readers(repository).is_empty();
        let tracked = self.tracked(pushed);
        let updates = pushed.request.updates.iter().filter(|_| is_read);
        let branches = updates
            .filter(|update| tracked != Some(*update))
            .take(BRANCHES);
        for update in branches {
            let Some(name) = update.name.strip_prefix("refs/heads/") else {
                continue;
            };
            let Some(head) = update.new.clone() else {
                let gone = core.history.remove_change(repository, name, core.env.now());
                let gone = gone.await;
                if let Err(error) = gone {
                    warn!(error = %causes(&error), "cannot forget the plan of a branch");
                }
                continue;
            };
            let Some(location) = core.location_of(repository) else {
                continue;
            };
            let branch = Branch {
                repository: repository.clone(),
                name: name.to_owned(),
                pull: String::new(),
                location,
                head,
            };
            if pushed.request.options.iter().any(|it| it == "nowait") {
                let core = core.clone();
                core.tasks.clone().spawn_until_cancelled(async move {
                    if let Err(error) = change::plan(&core, &branch).await {
                        warn!(error = %causes(&error), "cannot plan a branch");
                    }
                });
                continue;
            }
            match change::plan(core, &branch).await {
                Ok(Some(change)) => tell(&change, lines).await,
                Ok(None) => {}
                Err(error) => {
                    warn!(error = %causes(&error), "cannot plan a branch");
                    let text = format!("{name} is accepted; its plan cannot be made now");
                    lines.say(&text).await;
                }
            }
        }
    }

    async fn check(
        &self,
        pushed: &Pushed,
        update: &Update,
        location: &Location,
        lines: &Lines,
    ) -> Result<Accept, client::Error> {
        let branch = &self.core.config.branch;
        let Some(new) = &update.new else {
            let text = format!("{branch} is what the cluster follows; it cannot be deleted");
            lines.say(&text).await;
            return Ok(Accept::No);
        };
        if let Some(why) = self.misplaced(update, new, location).await? {
            lines.say(&why).await;
            lines.say("nothing was changed").await;
            return Ok(Accept::No);
        }
        let push = Push {
            id: pushed.request.push.clone(),
            repository: HOSTED.to_owned(),
            branch: branch.clone(),
            old_revision: update.old.clone().unwrap_or_default(),
            new_revision: new.clone(),
            pusher: pushed.pusher.to_string(),
            trigger: Trigger::Push,
            received_at: self.core.env.now(),
            verdict: Verdict::Checking,
            report: String::new(),
        };
        let text = format!("{} pushed commit {}", pushed.pusher.name, new.short());
        let step = NewStep::new(push.received_at, StepKind::Received, text).push(&push.id);
        self.core
            .commit(&[Write::Push(push.clone()), Write::Step(step)])
            .await?;
        let (accept, report) = self.judge(&push.id, update, new, location).await?;
        let verdict = match accept {
            Accept::Yes => Verdict::Checking,
            Accept::No => Verdict::Refused,
        };
        let mut writes = vec![Write::Verdict {
            push: push.id.clone(),
            verdict,
            report: report.clone(),
        }];
        if accept == Accept::No {
            let text = format!("the push of commit {} is refused", new.short());
            let step = NewStep::new(self.core.env.now(), StepKind::Refused, text);
            writes.push(Write::Step(step.push(&push.id)));
        }
        self.core.commit(&writes).await?;
        lines.say(&told::report(accept, &report, new)).await;
        if accept == Accept::No {
            lines.say("").await;
            lines.say("nothing was changed").await;
        }
        Ok(accept)
    }

    /// Whether the commit may be followed, and what it does or why not.
    async fn judge(
        &self,
        push: &str,
        update: &Update,
        new: &CommitId,
        location: &Location,
    ) -> Result<(Accept, String), client::Error> {
        let (core, old) = (&self.core, update.old.as_ref());
        let checked = match core.signatures.tracked(location, old, new).await? {
            Ok(_signers) => check::check(core, location, new).await?,
            Err(problems) => Err(problems),
        };
        Ok(match checked {
            Ok(checked) => match self.overtaken(push, update, new, location).await? {
                Some(why) => (Accept::No, why),
                None => (Accept::Yes, checked.lines().join("\n")),
            },
            Err(problems) => (Accept::No, problems.to_string()),
        })
    }

    /// Whether somebody moved the branch while the commit was checked; else no other push does until
    /// this one has.
    async fn overtaken(
        &self,
        push: &str,
        update: &Update,
        new: &CommitId,
        location: &Location,
    ) -> Result<Option<String>, client::Error> {
        self.turn.wait(push, &self.core.env).await;
        self.misplaced(update, new, location).await
    }

    /// Why the commit may not come after what is there, if it may not.
    async fn misplaced(
        &self,
        update: &Update,
        new: &CommitId,
        location: &Location,
    ) -> Result<Option<String>, client::Error> {
        let branch = self.core.config.branch.clone();
        let (old, new) = (update.old.clone(), new.clone());
        let placing = location.read(move |git| {
            let head = git.branch(&branch)?;
            if head != old {
                let who = match &head {
                    Some(head) => format!(", by {}", git.commit(head)?.author.name),
                    None => String::new(),
                };
                return Ok(Some(format!(
                    "{branch} has moved meanwhile{who}: git pull --rebase, look, and push again"
                )));
            }
            let Some(old) = old else {
                return Ok(None);
            };
            if git.stands_on(&new, &old)? {
                return Ok(None);
            }
            let text = "history is what the cluster was brought to, so it is not rewritten: ";
            let hint = "to undo a commit, git revert it and push";
            Ok(Some(format!(
                "{text}{branch} takes only commits on top of it; {hint}"
            )))
        });
        placing.await.map_err(unread)
    }
}

/// Tells the pusher how it goes. `id` is the push on record.
async fn follow(
    core: &Core,
    pushed: &Pushed,
    (id, goal): (&String, &Goal),
    lines: &Lines,
) -> Result<(), client::Error> {
    let reader = core.history.reader();
    let push = reader.push(id).await.map_err(recorded)?;
    let Some(push) = push else {
        wake(core, pushed);
        return Ok(());
    };
    // The commit may be followed already: its first steps are told too.
    let own = StepQuery {
        push: Some(id.clone()),
        ..StepQuery::default()
    };
    let own = reader.steps(&own).await.map_err(recorded)?;
    let after = match own.first() {
        Some(received) => received.seq,
        None => reader.newest_step().await.map_err(recorded)?,
    };
    let feed = core.history.follow(after);
    let accepted = Write::Verdict {
        push: id.clone(),
        verdict: Verdict::Accepted,
        report: push.report.clone(),
    };
    core.commit(&[accepted]).await?;
    wake(core, pushed);
    if pushed
        .request
        .options
        .iter()
        .any(|option| option == "nowait")
    {
        lines
            .say("accepted; see kedge rollouts for how it goes")
            .await;
        return Ok(());
    }
    progress::relay(core, (&push, goal), (feed, after), lines).await;
    Ok(())
}

async fn tell(change: &Change, lines: &Lines) {
    let (name, base) = (&change.branch, change.base.short());
    let heading = match change.verdict {
        Planned::Passed => format!("{name} merged into {base} would do this:"),
        Planned::Refused => format!("{name} merged into {base} would be refused:"),
        Planned::Unknown => format!("what {name} merged into {base} would do is not known:"),
    };
    lines.say(&heading).await;
    for line in told::branch(change) {
        lines.say(&format!("  {line}")).await;
    }
    let digest = change.short_digest();
    if !digest.is_empty() {
        let text = format!("plan {digest}; again: kedge plan {name}");
        lines.say(&text).await;
    }
}

/// Has everybody look who may be concerned.
fn wake(core: &Core, pushed: &Pushed) {
    core.waker.wake(Trigger::Push);
    let name = &pushed.repository;
    core.sources.wake(Trigger::Push, |it| it == name);
    core.mirroring
        .wake(Trigger::Push, |it| it.repository == *name);
    if pushed.repository == CLUSTER {
        // Those that follow another revision of it.
        core.wake_readers(&core.source.location.path);
    }
}
