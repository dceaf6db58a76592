//! A process that never began: the program that is asked for is not in the image, or may not be run.

use serde_json::Value;

use super::container::{Container, containers};
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, items};

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    containers(&facts.object)
        .iter()
        .find_map(|it| of(facts, it))
}

fn of(facts: &Facts, container: &Container) -> Option<Cause> {
    let failure = container.failure()?;
    let ended = failure["message"].as_str().unwrap_or_default();
    let said = [ended, container.waiting_message()];
    let (program, why) = said.into_iter().find_map(refused)?;
    let step = Step::new(
        Tone::Bad,
        "container runtime",
        format!(
            "Container {} never began: {program} {}",
            container.name, why.told
        ),
    )
    .said(why.said);
    let cause = Cause::of(vec![step]);
    let list = ["command", "args"].into_iter().find(|list| {
        let first = items(&container.spec[*list]).next();
        first.and_then(Value::as_str) == Some(program)
    });
    Some(match list {
        Some(list) => cause.at(container.field(facts, list)).advice(why.advice),
        None => cause.missing(format!("{program} is what the image itself starts")),
    })
}

/// Why a program could not be started.
struct Why<'a> {
    told: &'static str,
    /// What the runtime says of it.
    said: &'a str,
    advice: &'static str,
}

/// The program, and why not; of runc's and crun's words.
fn refused(message: &str) -> Option<(&str, Why<'_>)> {
    let at = message.rfind("exec: \"")?;
    let said = &message[at..];
    let program = said.split('"').nth(1).filter(|it| !it.is_empty())?;
    let (told, advice) = if said.contains("no such file or directory") || said.contains("not found")
    {
        ("is not in the image", "Name a program that is in the image")
    } else if said.contains("permission denied") {
        (
            "may not be executed",
            "Name a program that may be executed by the user of the container",
        )
    } else {
        return None;
    };
    Some((program, Why { told, said, advice }))
}

#[test]
fn the_program_is_read_from_what_the_runtime_says() {
    let check = |message: &str, expected: Option<(&str, &str)>| {
        let found = refused(message).map(|(program, why)| (program, why.told));
        assert_eq!(found, expected, "{message}");
    };
    check(
        "runc create failed: unable to start container process: error during container init: exec: \
         \"/bin/nothere\": stat /bin/nothere: no such file or directory",
        Some(("/bin/nothere", "is not in the image")),
    );
    check(
        "exec: \"serve\": executable file not found in $PATH: unknown",
        Some(("serve", "is not in the image")),
    );
    check(
        "exec: \"/data\": permission denied: unknown",
        Some(("/data", "may not be executed")),
    );
    check("exec: \"/bin/a\": input/output error", None);
    check("exec failed", None);
}
