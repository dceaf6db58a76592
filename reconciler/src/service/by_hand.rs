//! What people have done to an application outside of commits: a sync, and that it is left alone.

use engine::plan::Plan;
use engine::rollout::{Options, short};
use engine::window::{Asked, closed};

use api::ObjectKey;
use api::codec::strict::nearest;

use super::{Error, PlanView, SyncRequest, plan, queries};
use crate::history::{NewStep, Request, StepKind, Suspension, Write};
use crate::source::Person;
use crate::sync::core::Core;

pub(super) async fn preview(core: &Core, request: &SyncRequest) -> Result<PlanView, Error> {
    let options = options(core, request).await?;
    plan::plan(core, &request.application, "", &options).await
}

pub(super) async fn sync(core: &Core, request: &SyncRequest) -> Result<(), Error> {
    let name = &request.application;
    let application = core.target().and_then(|it| core.application(&it, name));
    let application = application.ok_or_else(|| queries::missing(name))?;
    if application.suspend {
        let text = "spec.suspend is true; set it to false in the repository first";
        return Err(Error::Impossible(format!("application {name}: {text}")));
    }
    if let Some(suspension) = core.history.reader().suspension(name).await? {
        let why = suspension.sentence();
        let text = format!("application {name} is {why}; kedge resume {name} comes first");
        return Err(Error::Impossible(text));
    }
    let now = core.env.now();
    if let Some(closed) = closed(&application.windows, now, Asked::ByHand) {
        let text = format!("application {name} {}", closed.sentence());
        return Err(Error::Impossible(text));
    }
    let mut options = options(core, request).await?;
    if !request.plan.is_empty() {
        options.plan = approved(core, request, &options).await?;
    }
    let what = match options.objects.len() {
        0 => String::new(),
        1 => " of 1 object".to_owned(),
        some => format!(" of {some} objects"),
    };
    let text = format!("{} asks for a sync{what}", request.actor.name);
    let step = NewStep::new(now, StepKind::Requested, text).application(name);
    let writes = [
        Write::Request {
            application: name.clone(),
            request: Request {
                actor: request.actor.to_string(),
                options,
            },
            at: now,
        },
        Write::Step(step),
    ];
    core.history.commit(&writes).await?;
    core.wake(name);
    Ok(())
}

/// Whether a plan with this digest is the one that somebody names: all of it, or as much as is shown.
pub(super) fn is_named(name: &str, digest: &str) -> bool {
    name.len() >= short(digest).len() && digest.starts_with(name)
}

/// The digest of the plan as it is, where it is the one that was looked at.
async fn approved(core: &Core, request: &SyncRequest, options: &Options) -> Result<String, Error> {
    let application = &request.application;
    let now = plan::plan(core, application, "", options).await?;
    let now = now.plan.digest();
    if is_named(&request.plan, &now) {
        return Ok(now);
    }
    Err(Error::Replanned {
        what: format!("a sync of {application}"),
        approved: short(&request.plan).to_owned(),
        now: short(&now).to_owned(),
    })
}

/// The request with its objects found.
async fn options(core: &Core, request: &SyncRequest) -> Result<Options, Error> {
    let whole = Options {
        prune: request.prune,
        ..Options::default()
    };
    if request.objects.is_empty() {
        return Ok(whole);
    }
    let name = &request.application;
    let plan = plan::plan(core, name, "", &whole).await?.plan;
    let mut options = whole;
    for wanted in &request.objects {
        let found = named(&plan, wanted);
        if found.is_empty() {
            return Err(unknown(&plan, wanted, name));
        }
        options.objects.extend(found);
    }
    Ok(options)
}

/// The objects of a plan that are called `Kind/name` or `Kind/namespace/name`.
fn named(plan: &Plan, wanted: &str) -> Vec<ObjectKey> {
    let steps = plan.steps().map(|it| (&it.kind, &it.key));
    let deletes = plan.deletes.iter().map(|it| (&it.kind, &it.key));
    let is_it = |(kind, key): &(&String, &ObjectKey)| {
        let Some((kind_wanted, name)) = wanted.split_once('/') else {
            return false;
        };
        let full = format!("{}/{}", key.namespace, key.name);
        kind.eq_ignore_ascii_case(kind_wanted) && (name == key.name || name == full)
    };
    steps
        .chain(deletes)
        .filter(is_it)
        .map(|(_, key)| key.clone())
        .collect()
}

/// Nothing of the plan is what was named: what is close to it, or how it is written.
fn unknown(plan: &Plan, wanted: &str, application: &str) -> Error {
    let steps = plan.steps().map(|it| (&it.kind, &it.key));
    let deletes = plan.deletes.iter().map(|it| (&it.kind, &it.key));
    let names: Vec<String> = steps
        .chain(deletes)
        .map(|(kind, key)| format!("{kind}/{}", key.name))
        .collect();
    let advice = match nearest(wanted, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None if wanted.contains('/') => format!("it has {}", names.join(", ")),
        None => "an object is named KIND/NAME or KIND/NAMESPACE/NAME".to_owned(),
    };
    let what = format!("object {wanted} in application {application}; {advice}");
    Error::NotFound(what)
}

pub(super) async fn suspend(
    core: &Core,
    application: &str,
    reason: &str,
    actor: &Person,
) -> Result<(), Error> {
    if !queries::exists(core, application) {
        return Err(queries::missing(application));
    }
    let suspension = Suspension {
        application: application.to_owned(),
        actor: actor.to_string(),
        reason: reason.to_owned(),
        since: core.env.now(),
    };
    let step = NewStep::new(suspension.since, StepKind::Suspended, suspension.sentence());
    let step = Write::Step(step.application(application));
    core.history
        .commit(&[Write::Suspend(suspension), step])
        .await?;
    core.wake(application);
    Ok(())
}

pub(super) async fn resume(core: &Core, application: &str, actor: &Person) -> Result<(), Error> {
    if !queries::exists(core, application) {
        return Err(queries::missing(application));
    }
    if core
        .history
        .reader()
        .suspension(application)
        .await?
        .is_none()
    {
        let text = format!("application {application} is not suspended with `kedge suspend`");
        return Err(Error::Impossible(text));
    }
    let text = format!("{} resumes it", actor.name);
    let step = NewStep::new(core.env.now(), StepKind::Resumed, text);
    let resume = Write::Resume {
        application: application.to_owned(),
    };
    let writes = [resume, Write::Step(step.application(application))];
    core.history.commit(&writes).await?;
    core.wake(application);
    Ok(())
}
