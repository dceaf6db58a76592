//! A process that ends itself, for a reason that no rule knows.

use super::container::containers;
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::Facts;

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    let all = containers(&facts.object);
    let container = all
        .iter()
        .find(|it| it.failure().is_some() && !it.is_running())?;
    let words = container.words(facts);
    let Some(line) = words.last() else {
        let why = facts
            .log(container.name)
            .map_or("", |log| log.error.as_str());
        let missing = match why {
            "" => format!(
                "container {} printed nothing before it ended",
                container.name
            ),
            why => format!(
                "the log of container {} is not there: {why}",
                container.name
            ),
        };
        return Some(Cause::default().missing(missing));
    };
    let step = Step::new(Tone::Bad, "last line of the log", "The process ends itself").said(line);
    let missing = "no rule knows what this line means for the configuration";
    Some(Cause::of(vec![step]).missing(missing))
}
