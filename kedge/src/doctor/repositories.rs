//! What the instance follows: whether it can be read.

use super::facts::{Facts, Repository};
use super::judge::{Finding, Level};

const HOSTED: &str = "bring it back to where it was, from a mirror or a clone (git clone --mirror): it is \
                      read again by itself, and what runs stays as it is meanwhile";
const ELSEWHERE: &str = "see that its address, branch and credentials are right, and that this machine \
                         reaches its host: it is asked again by itself, and what runs stays as it is \
                         meanwhile; docs/repositories.md";

pub(super) fn followed(facts: &Facts) -> Vec<Finding> {
    let asked = facts
        .instance
        .as_ref()
        .and_then(|it| it.repositories.as_ref());
    match asked {
        None => Vec::new(),
        Some(Ok(all)) => all.iter().map(one).collect(),
        Some(Err(why)) => {
            let what = format!("what is followed is not known: {why}");
            vec![
                Finding::new("repositories", Level::Unknown, &facts.data_dir, what)
                    .advice("run kedge doctor as the instance's owner, and once its pages answer"),
            ]
        }
    }
}

fn one(repository: &Repository) -> Finding {
    let Repository {
        name,
        url,
        error,
        applications,
    } = repository;
    if error.is_empty() {
        let what = match applications.len() {
            0 => "can be read".to_owned(),
            1 => "can be read, and 1 application follows it".to_owned(),
            more => format!("can be read, and {more} applications follow it"),
        };
        return Finding::ok("repositories", name, what);
    }
    let what = format!("cannot be followed: {error}");
    let advice = if url.is_empty() { HOSTED } else { ELSEWHERE };
    Finding::new("repositories", Level::Broken, name, what).advice(advice)
}
