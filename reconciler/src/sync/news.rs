//! News of repositories, as forges tell them: which of those that are followed are meant.

use tracing::warn;

use super::core::{Core, causes};
use crate::githost::hosted::{Direction, Mirror};
use crate::history::Trigger;
use crate::source::Source;

impl Core {
    /// Has those of the repositories looked at that are followed, all where none is named.
    pub(crate) fn news(&self, repositories: &[String]) -> usize {
        let named: Vec<String> = repositories.iter().map(|url| name(url)).collect();
        let fits = |url: &str| named.is_empty() || named.contains(&name(url));
        let mut count = self.sources.wake(Trigger::Webhook, fits);
        let is_news = |mirror: &Mirror| mirror.direction == Direction::From && fits(&mirror.url);
        count += self.mirroring.wake(Trigger::Webhook, is_news);
        if self.source.url().is_some_and(fits) {
            self.waker.wake(Trigger::Webhook);
            count += 1;
        }
        count
    }
}

impl Core {
    /// Notes that a repository elsewhere was read now.
    pub(crate) async fn fetched(&self, source: &Source) {
        let put = self.history.put_fetch(&source.name, self.env.now());
        if let Err(error) = put.await {
            warn!(error = %causes(&error), "cannot record a fetch");
        }
    }
}

/// `team/web` of all the addresses a forge has for it. Without the host: inside and outside of a
/// network it may have several, and a look too many does no harm.
pub(crate) fn name(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        // `git@example.org:team/web`, or a path.
        None => url.split_once(':').map_or(url, |(_, path)| path),
    };
    path.trim_matches('/').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_of_a_repository_have_one_name() {
        for url in [
            "https://example.org/Team/web.git",
            "https://ann:secret@example.org:8443/team/web/",
            "ssh://git@example.org:22/team/web.git",
            "git@example.org:team/web.git",
            "git://example.org/team/web",
        ] {
            assert_eq!(name(url), "team/web", "{url}");
        }
        assert_eq!(name("https://example.org"), "");
    }
}
