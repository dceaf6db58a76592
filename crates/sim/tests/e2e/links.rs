//! Every link on every page leads somewhere.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::process::Command;

use anyhow::{Context, ensure};

use super::pages::Story;

/// How many pages of one shape are looked at: each pod's page is made as the others are.
const OF_A_SHAPE: usize = 3;

impl Story<'_> {
    /// From the list of Applications to wherever links lead.
    pub(super) fn every_link_leads_somewhere(&self) -> anyhow::Result<()> {
        let mut queue = VecDeque::from(["/apps".to_owned()]);
        let (mut known, mut shapes) = (BTreeSet::from(["/apps".to_owned()]), BTreeMap::new());
        let (mut dead, mut looked_at) = (Vec::new(), 0);
        while let Some(path) = queue.pop_front() {
            let (code, html) = self.answer(&path)?;
            looked_at += 1;
            // What was there and is gone is told as such; a mark of the past may be older than the
            // page it is on.
            let not_yet = code == 404 && path.contains("at=") && html.contains("Not here");
            if code != 200 && code != 410 && !not_yet {
                dead.push(format!("{path} answers {code}"));
            }
            let found = links(&html);
            for id in found.iter().filter_map(|link| link.strip_prefix('#')) {
                if !html.contains(&format!("id=\"{id}\"")) {
                    dead.push(format!("{path} has no #{id}"));
                }
            }
            for link in found {
                let Some(link) = absolute(&path, &link) else {
                    continue;
                };
                let seen: &mut usize = shapes.entry(shape(&link)).or_default();
                if *seen < OF_A_SHAPE && known.insert(link.clone()) {
                    *seen += 1;
                    queue.push_back(link);
                }
            }
        }
        ensure!(dead.is_empty(), "dead links: {dead:#?}");
        // The crawl went further than the list of Applications.
        ensure!(looked_at > 50, "only {looked_at} pages were found");
        Ok(())
    }

    /// What a browser is answered at a path.
    fn answer(&self, path: &str) -> anyhow::Result<(u16, String)> {
        let user = format!("admin:{}", self.instance.token()?);
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-L", "--compressed", "--max-time", "5", "-u", &user]);
        curl.args([
            "-H",
            "accept: text/html",
            "-w",
            "\n%{content_type}\n%{http_code}",
        ]);
        let output = curl.arg(self.at(path)).output()?;
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let (answer, code) = answer.rsplit_once('\n').context("no code")?;
        let (html, kind) = answer.rsplit_once('\n').context("no content type")?;
        // Streams have no end.
        let ended = output.status.success() || kind == "text/event-stream";
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(ended, "{path} is not answered in full: {said}");
        Ok((code.parse()?, html.to_owned()))
    }
}

/// Where the links of a page lead, as they stand there.
fn links(html: &str) -> BTreeSet<String> {
    let places = html.split(" href=\"").skip(1);
    let links = places.filter_map(|rest| rest.split_once('"'));
    links.map(|(link, _)| plain(link)).collect()
}

/// Without the entities that attributes have.
fn plain(link: &str) -> String {
    let pairs = [
        ("&#38;", "&"),
        ("&amp;", "&"),
        ("&#34;", "\""),
        ("&#39;", "'"),
    ];
    let text = |text: String, (entity, sign): &(&str, &str)| text.replace(entity, sign);
    pairs.iter().fold(link.to_owned(), text)
}

/// The path and query of a link on a page; none where it leads to the page itself or elsewhere.
fn absolute(page: &str, link: &str) -> Option<String> {
    let link = link.split('#').next().unwrap_or_default();
    if link.is_empty() {
        return None;
    }
    let base = url::Url::parse("http://kedge.test").ok()?.join(page).ok()?;
    let target = base.join(link).ok()?;
    (target.origin() == base.origin()).then(|| target[url::Position::BeforePath..].to_owned())
}

/// What addresses of pages that are made alike have in common.
fn shape(link: &str) -> String {
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let is_own = |part: &str| part.contains(|sign: char| sign.is_ascii_digit());
    let parts = path.split('/');
    let path: Vec<&str> = parts
        .map(|part| if is_own(part) { "*" } else { part })
        .collect();
    let keys = query.split('&').filter_map(|pair| pair.split('=').next());
    let keys: BTreeSet<&str> = keys.collect();
    format!("{}?{keys:?}", path.join("/"))
}

#[test]
fn links_are_read_and_told_apart() {
    let html = r##"<a class="x" href="/a?b=1&#38;c=2">x</a><link href="/s.css"><a href="#top">"##;
    let expected = ["#top", "/a?b=1&c=2", "/s.css"].map(str::to_owned);
    assert_eq!(links(html), expected.into());
    let check = |page: &str, link: &str, expected: Option<&str>| {
        assert_eq!(absolute(page, link).as_deref(), expected, "{page} {link}");
    };
    check("/apps/ui?at=1", "?tab=yaml", Some("/apps/ui?tab=yaml"));
    check("/apps", "/nodes#map", Some("/nodes"));
    check("/apps", "#map", None);
    check("/apps", "https://kubernetes.io/", None);
    assert_eq!(
        shape("/pods/movies/ui-5f?c=a&run=1"),
        shape("/pods/movies/ui-7?run=2&c=b")
    );
    assert_ne!(shape("/apps/ui"), shape("/apps/ui/diff"));
}
