//! What somebody probably meant.

/// The candidate closest to what was written, if one is close: another case, a letter too many or
/// too few, two letters swapped; in longer names two such slips.
pub fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted = written.to_lowercase();
    let allowed = match written.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits from one to the other; swapped neighbours count once.
pub fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(64).collect();
    let right: Vec<char> = right.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, from) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in right.iter().enumerate() {
            let replaced = last[j] + usize::from(from != to);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == right[j - 1] && left[i - 1] == *to {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_found_and_far_ones_are_not() {
        let fields = [
            "replicas",
            "image",
            "imagePullPolicy",
            "name",
            "env",
            "args",
        ];
        let check = |written: &str, expected: Option<&str>| {
            assert_eq!(nearest(written, fields), expected, "{written}");
        };
        check("replica", Some("replicas"));
        check("imagee", Some("image"));
        check("iamge", Some("image"));
        check("Image", Some("image"));
        check("imagepullpolicy", Some("imagePullPolicy"));
        check("envs", Some("env"));
        check("port", None);
        check("x", None);
        check("", None);
    }
}
