//! What it means to leave an application alone, and to follow it again.

use super::component::{Icon, Tone, encoded};
use super::facts::Facts;
use super::graph::app_href;
use super::truth::sentence;

/// What the page that looks like a dialog says.
#[derive(Debug)]
pub(crate) struct View {
    pub heading: String,
    pub sentence: String,
    pub effects: Vec<Effect>,
    pub asks_why: bool,
    pub by_hand: String,
    /// How Git says the same.
    pub in_git: String,
    /// Empty where it is not to be done here.
    pub button: &'static str,
}

/// One thing that happens, or that does not.
#[derive(Debug)]
pub(crate) struct Effect {
    pub tone: Tone,
    pub icon: Icon,
    pub text: String,
    pub more: String,
    /// Where to look at it; empty for nowhere.
    pub href: String,
}

fn effect(tone: Tone, icon: &'static str, text: impl Into<String>, more: &str) -> Effect {
    Effect {
        tone,
        icon: Icon(icon),
        text: text.into(),
        more: more.into(),
        href: String::new(),
    }
}

pub(crate) fn suspend(facts: &Facts) -> View {
    let name = &facts.name;
    let mut effects = Vec::new();
    if let Some(running) = facts.running() {
        let text = format!("Rollout {} stops where it is", running.number);
        let more = "What it wrote stays, what it did not reach is not written.";
        effects.push(Effect {
            href: format!("/rollouts/{}", encoded(&running.id)),
            ..effect(Tone::Warn, "roll", text, more)
        });
    }
    effects.extend([
        effect(
            Tone::Hold,
            "hold",
            "No rollout begins",
            "Commits are checked and compared as before, and wait.",
        ),
        effect(
            Tone::Hold,
            "ne",
            "What others change stays",
            "Drift is shown, and not put back.",
        ),
        effect(
            Tone::Ok,
            "ok",
            "What runs goes on",
            "Nothing is deleted, and no pod is stopped.",
        ),
    ]);
    View {
        heading: format!("Suspend {name}"),
        sentence: "Kedge leaves it alone until somebody resumes it. Your name is recorded.".into(),
        effects,
        asks_why: true,
        by_hand: format!("kedge suspend {name} --reason 'why'"),
        in_git: "To suspend it in Git, set spec.suspend of its manifest.".into(),
        button: "Suspend",
    }
}

pub(crate) fn resume(facts: &Facts) -> View {
    let name = &facts.name;
    let text = match facts.sync_message.as_str() {
        "" => "What Git asks for is there already".to_owned(),
        message => format!("It is brought to Git: {message}"),
    };
    let next = Effect {
        href: format!("{}/diff", app_href(name)),
        ..effect(
            Tone::Run,
            "roll",
            text,
            "Unless a window is closed, or it waits for a sync by hand.",
        )
    };
    let heals = effect(
        Tone::Ok,
        "eq",
        "What others changed meanwhile is put back",
        "Unless selfHeal is off.",
    );
    let said = facts.suspended().map(|pause| sentence(&pause.message));
    let (sentence, button) = match said {
        None => (
            "It is not suspended: there is nothing to resume.".into(),
            "",
        ),
        Some(_) if !facts.resumes() => (
            "Git suspends it: set spec.suspend of its manifest to false, and push.".into(),
            "",
        ),
        Some(said) => (said, "Resume"),
    };
    let effects = match button {
        "" => Vec::new(),
        _ => vec![next, heals],
    };
    View {
        heading: format!("Resume {name}"),
        sentence,
        effects,
        asks_why: false,
        by_hand: format!("kedge resume {name}"),
        in_git: "What spec.suspend of its manifest says, only Git changes.".into(),
        button,
    }
}
