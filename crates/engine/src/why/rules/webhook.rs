//! Pods that somebody else refuses.

use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::Facts;
use crate::why::workload::refusals;

const MARK: &str = "admission webhook ";

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    let refused = |said: &&str| said.contains(MARK) || said.contains("failed calling webhook");
    let said = *refusals(facts).iter().find(|said| refused(said))?;
    let name = said.split('"').nth(1).unwrap_or_default();
    let denied = said.split_once("denied the request");
    let (heading, text) = match denied {
        Some((_, why)) => (
            format!("Webhook {name} refuses its pods"),
            format!(
                "{}.",
                why.trim_start_matches([':', ' ']).trim_end_matches('.')
            ),
        ),
        None => (
            format!("Webhook {name} does not answer, so no pod is made"),
            said.to_owned(),
        ),
    };
    let step = Step::new(Tone::Bad, format!("webhook {name}"), heading).text(text);
    let missing = "what the webhook would take is known to it alone";
    Some(Cause::of(vec![step]).missing(missing))
}
