//! A proof in words, and as a badge for a README.

use engine::rollout::CommitId;
use jiff::Timestamp;
use serde::Serialize;

use crate::service::ProofView;

/// `14 of 14 objects matched 7f3c2ab`
pub(crate) fn sentence(proof: &ProofView) -> String {
    let (all, matching, short) = (proof.objects.len(), proof.matching, proof.commit.short());
    let objects = if all == 1 { "object" } else { "objects" };
    format!("{matching} of {all} {objects} matched {short}")
}

/// What Git says to the recorded hashes.
pub(crate) fn from_git(proof: &ProofView) -> &'static str {
    match proof.commit_recomputes {
        Some(true) => "the same",
        Some(false) => "another one",
        None => "the commit cannot be read",
    }
}

/// The newest proof of an application, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proven {
    pub rollout: String,
    pub commit: CommitId,
    pub at: Timestamp,
    /// When it was so no longer; `None` where it still is.
    pub until: Option<Timestamp>,
    /// Whether it was so before, and not all the time since.
    pub again: bool,
    /// How many of the objects matched.
    pub matching: usize,
    pub objects: usize,
}

/// The badge for those who did not sign in: one word and a time, and nothing else.
pub(crate) fn open_badge(proven: Option<&Proven>) -> String {
    match proven.map(|it| (it.at, it.until)) {
        None => drawn("#5b6068", "not proven"),
        Some((at, None)) => drawn("#17714a", &format!("proven {}", minute(at))),
        Some((_, Some(until))) => drawn("#8a5a00", &format!("proven until {}", minute(until))),
    }
}

/// `2026-03-01 14:07 UTC`
fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Width of a letter of the badge's font at 11 px, on average.
const LETTER: usize = 7;
const PADDING: usize = 10;

/// An SVG without scripts, links or anything from elsewhere.
pub(crate) fn badge(proof: &ProofView) -> String {
    let (all, matching) = (proof.objects.len(), proof.matching);
    let sound = proof.root_recomputes && proof.commit_recomputes != Some(false);
    let holds = proof.holding == all && proof.until.is_none();
    let short = proof.commit.short();
    let (colour, text) = match (sound, holds, proof.until) {
        (false, ..) => ("#b42318", format!("proof of {short} does not add up")),
        (true, true, _) if matching < all => {
            ("#8a5a00", format!("{matching} of {all} match {short}"))
        }
        (true, true, _) => ("#17714a", format!("{all} of {all} match {short}")),
        (true, false, Some(until)) => (
            "#8a5a00",
            format!("matched {short} until {}", minute(until)),
        ),
        (true, false, None) => ("#8a5a00", format!("{short} was true, live moved on")),
    };
    drawn(colour, &text)
}

/// `text` is our own: it has nothing to escape.
fn drawn(colour: &str, text: &str) -> String {
    let label = "kedge";
    let left = label.len() * LETTER + PADDING;
    let right = text.len() * LETTER + PADDING;
    let (width, middle) = (left + right, left + right / 2);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {text}"><title>{label}: {text}</title><rect width="{width}" height="20" rx="4" fill="#3b4252"/><path d="M{left} 0h{right}v20h-{right}z" fill="{colour}"/><g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle"><text x="{}" y="14">{label}</text><text x="{middle}" y="14">{text}</text></g></svg>"##,
        left / 2
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_says_what_was_proven_and_until_when() {
        let at = |clock: &str| -> Timestamp { format!("2026-03-01T{clock}:31Z").parse().unwrap() };
        let proof = |until: Option<Timestamp>| ProofView {
            application: "web".into(),
            commit: CommitId("e2a9c14bb01f".into()),
            rollout: "web-1".into(),
            at: at("13:00"),
            until,
            again: false,
            root: String::new(),
            objects: Vec::new(),
            root_recomputes: true,
            commit_recomputes: Some(true),
            matching: 0,
            holding: 0,
        };
        let says = |svg: &str, text: &str| {
            assert!(
                svg.contains(&format!("<title>kedge: {text}</title>")),
                "{svg}"
            );
        };
        says(&badge(&proof(None)), "0 of 0 match e2a9c14");
        let past = badge(&proof(Some(at("14:07"))));
        says(&past, "matched e2a9c14 until 2026-03-01 14:07 UTC");
        says(&open_badge(None), "not proven");
        let mut proven = Proven {
            rollout: "web-1".into(),
            commit: CommitId("e2a9c14bb01f".into()),
            at: at("13:00"),
            until: None,
            again: false,
            matching: 2,
            objects: 2,
        };
        says(&open_badge(Some(&proven)), "proven 2026-03-01 13:00 UTC");
        proven.until = Some(at("14:07"));
        says(
            &open_badge(Some(&proven)),
            "proven until 2026-03-01 14:07 UTC",
        );
    }
}
