//! A volume that does not come to the pod.

use serde_json::Value;

use super::container::{Container, containers};
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, Lookup, field_of, items, message};

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    if containers(&facts.object).iter().any(Container::is_running) {
        return None;
    }
    let volumes = items(&facts.object.body["spec"]["volumes"]);
    let mut claims =
        volumes.filter_map(|it| Some((it, it["persistentVolumeClaim"]["claimName"].as_str()?)));
    let found = claims.find_map(|(volume, claim)| of_claim(facts, volume, claim));
    found.or_else(|| refused(facts))
}

fn of_claim(facts: &Facts, volume: &Value, claim: &str) -> Option<Cause> {
    let source = format!("PersistentVolumeClaim/{claim}");
    let name = volume["name"].as_str().unwrap_or_default();
    match facts.find("PersistentVolumeClaim", facts.object.namespace(), claim) {
        Lookup::Absent => {
            let heading = format!("PersistentVolumeClaim {claim} does not exist");
            let field = format!("spec.volumes[name={name}].persistentVolumeClaim.claimName");
            let cause = Cause::of(vec![Step::new(Tone::Warn, source, heading)]);
            let advice =
                format!("Add PersistentVolumeClaim {claim} to the commit, or name another");
            Some(cause.at(facts.pod_field(&field)).advice(advice))
        }
        Lookup::Found(object) if object.text("/status/phase") == "Lost" => {
            let volume = object.text("/spec/volumeName");
            let heading = format!("The volume of claim {claim} is gone: {volume}");
            let step = Step::new(Tone::Bad, source, heading);
            Some(Cause::of(vec![step]).missing("who deleted the volume is not in the objects"))
        }
        Lookup::Found(object) if object.text("/status/phase") == "Pending" => {
            let class = object.text("/spec/storageClassName");
            if facts.find("StorageClass", "", class) != Lookup::Absent || class.is_empty() {
                return None;
            }
            let heading = format!("Claim {claim} wants StorageClass {class}, which does not exist");
            let there: Vec<&str> = facts.all("StorageClass").map(api::Object::name).collect();
            let text = match there.as_slice() {
                [] => "There is none at all.".to_owned(),
                there => format!("There is {}.", there.join(", ")),
            };
            let step = Step::new(Tone::Warn, source, heading).text(text);
            let field = field_of(object, "spec.storageClassName");
            Some(
                Cause::of(vec![step])
                    .at(field)
                    .advice("Name a class that there is"),
            )
        }
        _ => None,
    }
}

/// What the node or the attacher says.
fn refused(facts: &Facts) -> Option<Cause> {
    let attach = facts.warnings("FailedAttachVolume").next();
    let event = attach.or_else(|| facts.warnings("FailedMount").next())?;
    let said = message(event);
    let volume = quoted(said).unwrap_or_default();
    let several = said.contains("Multi-Attach");
    let heading = match (several, volume) {
        (true, _) => "Its volume is attached to another node".to_owned(),
        (false, "") => "A volume of the pod cannot be mounted".to_owned(),
        (false, volume) => format!("Volume {volume} cannot be mounted"),
    };
    let step = Step::new(Tone::Bad, "newest warning of the node", heading).text(said);
    let cause = Cause::of(vec![step]);
    if several {
        let missing = "which pod holds the volume is not in the warning";
        return Some(
            cause
                .missing(missing)
                .advice("End the pod that holds the volume"),
        );
    }
    let is_own = items(&facts.object.body["spec"]["volumes"]).any(|it| it["name"] == volume);
    if !is_own {
        return Some(cause.missing("the warning names no volume of the pod"));
    }
    Some(cause.at(facts.pod_field(&format!("spec.volumes[name={volume}]"))))
}

/// What is in the first quotation marks.
fn quoted(text: &str) -> Option<&str> {
    text.split('"').nth(1)
}
