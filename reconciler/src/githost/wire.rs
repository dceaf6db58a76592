//! What a hook and the service say to each other: lines of text over a Unix socket.

use std::path::PathBuf;

use engine::rollout::CommitId;

pub(super) const PRE_RECEIVE: &str = "pre-receive";
pub(super) const POST_RECEIVE: &str = "post-receive";
pub(super) const HELLO: &str = "kedge-hook 1";
pub(super) const END: &str = "end";
/// A line for the pusher.
pub(super) const SAY: &str = "say ";
/// The verdict: the hook's exit code.
pub(super) const EXIT: &str = "exit ";

/// What a hook asks about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// `pre-receive` or `post-receive`.
    pub hook: String,
    /// The push, as the service named it.
    pub push: String,
    /// Where the pushed objects are as long as nothing is accepted.
    pub quarantine: Option<PathBuf>,
    /// `git push -o`
    pub options: Vec<String>,
    pub updates: Vec<Update>,
}

/// A ref that is pushed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// `None` for a new ref.
    pub old: Option<CommitId>,
    /// `None` for a ref that is deleted.
    pub new: Option<CommitId>,
    /// `refs/heads/main`
    pub name: String,
}

impl Request {
    /// Takes in one line; `false` at the end of the request and for what is no request.
    pub(super) fn take(&mut self, line: &str) -> bool {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "kedge-hook" => return line == HELLO,
            "name" => value.clone_into(&mut self.hook),
            "push" => value.clone_into(&mut self.push),
            "quarantine" => self.quarantine = Some(value.into()),
            "option" => self.options.push(value.to_owned()),
            "update" => self.updates.extend(update(value)),
            _ => return false,
        }
        true
    }
}

fn update(text: &str) -> Option<Update> {
    let mut words = text.splitn(3, ' ');
    let id = |word: &str| {
        let zero = word.bytes().all(|b| b == b'0');
        (!zero).then(|| CommitId(word.to_owned()))
    };
    Some(Update {
        old: id(words.next()?),
        new: id(words.next()?),
        name: words.next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_request_line_by_line() {
        let zero = "0".repeat(40);
        let text = format!(
            "{HELLO}\nname pre-receive\npush p1\nquarantine /a b/c\noption nowait\n\
             update {zero} abc refs/heads/main\nupdate abc {zero} refs/heads/a b\n{END}"
        );
        let mut request = Request::default();
        let taken: Vec<bool> = text.lines().map(|line| request.take(line)).collect();
        assert_eq!(taken.iter().filter(|taken| !**taken).count(), 1);
        assert_eq!(request.push, "p1");
        assert_eq!(request.quarantine, Some("/a b/c".into()));
        assert_eq!(request.options, ["nowait"]);
        let abc = || Some(CommitId("abc".into()));
        let expected = [
            Update {
                old: None,
                new: abc(),
                name: "refs/heads/main".into(),
            },
            Update {
                old: abc(),
                new: None,
                name: "refs/heads/a b".into(),
            },
        ];
        assert_eq!(request.updates, expected);
        assert!(!Request::default().take("kedge-hook 2"));
    }
}
