//! A proof in words, and as a badge for a README.

use crate::service::ProofView;

/// `14 of 14 objects matched 7f3c2ab`
pub(crate) fn sentence(proof: &ProofView) -> String {
    let (all, short) = (proof.objects.len(), proof.commit.short());
    match all {
        1 => format!("1 object matched {short}"),
        all => format!("All {all} objects matched {short}"),
    }
}

/// What Git says to the recorded hashes.
pub(crate) fn from_git(proof: &ProofView) -> &'static str {
    match proof.commit_recomputes {
        Some(true) => "the same",
        Some(false) => "another one",
        None => "the commit cannot be read",
    }
}

/// Width of a letter of the badge's font at 11 px, on average.
const LETTER: usize = 7;
const PADDING: usize = 10;

/// An SVG without scripts, links or anything from elsewhere.
pub(crate) fn badge(proof: &ProofView) -> String {
    let all = proof.objects.len();
    let sound = proof.root_recomputes && proof.commit_recomputes != Some(false);
    let holds = proof.holding == all && proof.until.is_none();
    let short = proof.commit.short();
    let (colour, text) = match (sound, holds) {
        (false, _) => ("#b42318", format!("proof of {short} does not add up")),
        (true, true) => ("#17714a", format!("{all} of {all} match {short}")),
        (true, false) => ("#8a5a00", format!("{short} was true, live moved on")),
    };
    let label = "kedge";
    let left = label.len() * LETTER + PADDING;
    let right = text.len() * LETTER + PADDING;
    let (width, middle) = (left + right, left + right / 2);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {text}"><title>{label}: {text}</title><rect width="{width}" height="20" rx="4" fill="#3b4252"/><path d="M{left} 0h{right}v20h-{right}z" fill="{colour}"/><g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle"><text x="{}" y="14">{label}</text><text x="{middle}" y="14">{text}</text></g></svg>"##,
        left / 2
    )
}
