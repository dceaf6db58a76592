//! What plans delete, before everything else that they do.

use super::patch::{Mark, marks};

/// The lines of several plans, each below `application NAME: …`: what is deleted in any of them is
/// one group before everything else, and what waits for a word is the next.
pub fn deletions_first(lines: Vec<String>) -> Vec<String> {
    let marked: Vec<Mark> = marks(&lines).into_iter().map(|(mark, _)| mark).collect();
    let (mut deleted, mut waiting, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    let mut whose = Whose::default();
    let mut application = None;
    for (line, mark) in lines.into_iter().zip(marked) {
        application = application_of(&line).or(application);
        let told = match &application {
            Some(name) if matches!(mark, Mark::Delete | Mark::Asks) => {
                format!("{line}{OF}{name})")
            }
            _ => line,
        };
        match mark {
            Mark::Delete => deleted.push(told),
            Mark::Asks => {
                whose.add(application.as_deref());
                waiting.push(told);
            }
            _ => rest.push(told),
        }
    }
    let titles = [title(deleted.len()), whose.title(waiting.len())];
    let groups = titles.into_iter().zip([deleted, waiting]);
    let first = groups.flat_map(|(title, lines)| title.into_iter().chain(lines));
    first.chain(rest).collect()
}

/// What is between a line and the application that it is of.
const OF: &str = " (application ";

/// The name in a heading.
pub(super) fn application_of(line: &str) -> Option<String> {
    let named = line.strip_prefix("application ")?;
    Some(named.split([':', ' ']).next()?.to_owned())
}

/// The name at the end of a line that was moved away from its heading.
pub(super) fn moved_of(line: &str) -> Option<&str> {
    line.rsplit_once(OF)?.1.strip_suffix(')')
}

fn title(deleted: usize) -> Option<String> {
    match deleted {
        0 => None,
        1 => Some("1 object is deleted".into()),
        many => Some(format!("{many} objects are deleted")),
    }
}

/// Whose objects wait: one application's, or several's.
#[derive(Default)]
struct Whose {
    name: Option<String>,
    are_several: bool,
}

impl Whose {
    fn add(&mut self, application: Option<&str>) {
        match &self.name {
            None => self.name = application.map(ToOwned::to_owned),
            Some(name) => self.are_several |= application != Some(name),
        }
    }

    /// With what lets them go.
    fn title(&self, waiting: usize) -> Option<String> {
        let name = match &self.name {
            Some(name) if !self.are_several => name,
            _ => "APP",
        };
        let what = match waiting {
            0 => return None,
            1 => "1 object waits".to_owned(),
            many => format!("{many} objects wait"),
        };
        Some(format!("{what} to be deleted: kedge sync {name} --prune"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], expected: &[&str]) {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(deletions_first(lines), expected);
    }

    #[test]
    fn what_is_deleted_comes_before_all_applications() {
        check(
            &[
                "application serving: 1 to change",
                "  ~ change  Deployment movies/serving",
                "      @@ spec @@",
                "      - replicas: 3",
                "      + replicas: 2",
                "application shop: 1 to delete",
                "  - delete  Service shop/api",
                "application ui: 1 to change",
                "  ~ change  Deployment movies/ui",
            ],
            &[
                "1 object is deleted",
                "  - delete  Service shop/api (application shop)",
                "application serving: 1 to change",
                "  ~ change  Deployment movies/serving",
                "      @@ spec @@",
                "      - replicas: 3",
                "      + replicas: 2",
                "application shop: 1 to delete",
                "application ui: 1 to change",
                "  ~ change  Deployment movies/ui",
            ],
        );
        let nothing = ["nothing changes in the cluster"];
        check(&nothing, &nothing);
    }

    #[test]
    fn what_waits_for_a_word_is_no_deletion_yet() {
        let shop = [
            "application shop: 2 to delete once somebody says so",
            "  ? delete  ConfigMap shop/a (only when asked: 2 left)",
            "  ? delete  ConfigMap shop/b (only when asked: 2 left)",
            "  + create  ConfigMap shop/c",
        ];
        let ui = [
            "application ui is removed",
            "  - delete  Deployment ui/ui",
            "  ? delete  Namespace ui (only when asked: a Namespace may hold data)",
        ];
        check(
            &shop,
            &[
                "2 objects wait to be deleted: kedge sync shop --prune",
                "  ? delete  ConfigMap shop/a (only when asked: 2 left) (application shop)",
                "  ? delete  ConfigMap shop/b (only when asked: 2 left) (application shop)",
                shop[0],
                shop[3],
            ],
        );
        check(
            &[&shop[..3], &ui].concat(),
            &[
                "1 object is deleted",
                "  - delete  Deployment ui/ui (application ui)",
                "3 objects wait to be deleted: kedge sync APP --prune",
                "  ? delete  ConfigMap shop/a (only when asked: 2 left) (application shop)",
                "  ? delete  ConfigMap shop/b (only when asked: 2 left) (application shop)",
                "  ? delete  Namespace ui (only when asked: a Namespace may hold data) \
                 (application ui)",
                shop[0],
                ui[0],
            ],
        );
    }
}
