//! People of an organization: they come over TLS, sign in by a provider that nobody here wrote, and
//! may do what the rules say.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sim::browser::{Browser, DESK, PHONE, Screen};
use sim::instance::{Instance, examples, finish};
use sim::provider::{Provider, SECRET};
use sim::work_tree::WorkTree;
use tls::files::{write_private, write_public};
use tls::{Authority, Wanted};

use super::pages::SOON;

/// For what has to be pushed, planned, applied and found healthy.
const LONG: SignedDuration = SignedDuration::from_secs(60);

const RULES: &str = "
rules:
- role: operator
  applications: [ui]
  groups: [team-ui]
";

#[test]
fn people_of_a_provider_may_do_what_the_rules_say() -> anyhow::Result<()> {
    let place = std::env::temp_dir().join(format!("kedge-organization-{}", std::process::id()));
    std::fs::create_dir_all(&place)?;
    let done = organization(&place);
    std::fs::remove_dir_all(&place)?;
    done
}

fn organization(place: &Path) -> anyhow::Result<()> {
    let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let web = format!("https://localhost:{}", listen.port());
    let people = json!({
        "ada": {
            "preferred_username": "ada", "name": "Ada Lovelace", "email": "ada@example.org",
            "email_verified": true, "groups": ["team-ui"],
        },
        "eve": {"preferred_username": "eve", "groups": []},
    });
    let provider = Provider::start(place, &people, &format!("{web}/auth/callback"))?;
    let name = |file: &str| place.join(file).display().to_string();
    certificate(place)?;
    write_public(&place.join("access.yaml"), RULES.as_bytes())?;
    write_private(&place.join("secret"), SECRET.as_bytes())?;
    let configuration = json!({
        "runtime": "simulated",
        "seed": examples(),
        "web-address": web,
        "web-tls-listen": listen.to_string(),
        "web-tls-cert": name("tls.crt"),
        "web-tls-key": name("tls.key"),
        "oidc-issuer": provider.issuer,
        "oidc-client-id": "kedge",
        "oidc-client-secret-file": name("secret"),
        "oidc-scopes": ["profile", "email", "groups"],
        "access": name("access.yaml"),
    });
    write_public(
        &place.join("kedge.yaml"),
        configuration.to_string().as_bytes(),
    )?;
    let instance = Instance::start("people", &["--config", &name("kedge.yaml")])?;
    let told = over_tls(&web, &name("ca.crt"))
        .and_then(|()| weekend(&instance))
        .and_then(|work| {
            who_may_only_look(&instance, &web)?;
            who_may_roll_back(&web, &work)
        });
    let provider = std::fs::read_to_string(place.join("provider.log"))?;
    told.with_context(|| format!("the provider said:\n{provider}"))
        .with_context(|| format!("the instance said:\n{}", instance.logs()))
}

/// Something that can be rolled back.
fn weekend(instance: &Instance) -> anyhow::Result<WorkTree> {
    let work = WorkTree::clone(instance, "clone")?;
    work.edit("ui/deployment.yaml", "replicas: 1", "replicas: 2")?;
    work.commit("ui: two replicas for the weekend")?;
    work.push()?;
    Ok(work)
}

/// What an organization has from its own authority.
fn certificate(place: &Path) -> anyhow::Result<()> {
    let now = Timestamp::now();
    let authority = Authority::generate("people", now)?;
    let wanted = Wanted::server("kedge", ["localhost".to_owned()], []);
    let pair = authority.issue(&wanted, now)?;
    write_public(
        &place.join("ca.crt"),
        authority.certificate_pem().as_bytes(),
    )?;
    write_public(&place.join("tls.crt"), pair.certificate_pem.as_bytes())?;
    write_private(&place.join("tls.key"), pair.key_pem.as_bytes())?;
    Ok(())
}

/// The certificate is the one that was given, HTTP/2 is spoken, and browsers are told to stay.
fn over_tls(web: &str, authority: &str) -> anyhow::Result<()> {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "-i", "--max-time", "10", "--http2", "--cacert"]);
    let answer = finish(curl.args([authority, &format!("{web}/signin")]))?;
    let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
    for part in ["HTTP/2 200", "strict-transport-security: max-age="] {
        ensure!(answer.contains(part), "no {part:?} in {answer}");
    }
    Ok(())
}

/// Signs in as somebody, from the page that was asked for and back to it.
fn signed_in(web: &str, path: &str, name: &str, screen: Screen) -> anyhow::Result<Browser> {
    let browser = Browser::start()?;
    browser.show("light", screen)?;
    browser.open(&format!("{web}{path}"))?;
    browser.reads("h1", &["Sign in to Kedge"], SOON)?;
    browser.follow("a[href^='/signin/provider']")?;
    browser.reads("h1", &["Who are you?"], SOON)?;
    browser.fill("input[name=name]", name)?;
    browser.follow("button")?;
    let arrived = || browser.path().is_ok_and(|at| at == path);
    sim::instance::wait("the page that was asked for", SOON, arrived)
        .with_context(|| format!("{:?} says {:?}", browser.path(), browser.text("body")))?;
    Ok(browser)
}

/// Nothing that could be done is on the page, and what is asked for all the same is refused.
fn who_may_only_look(instance: &Instance, web: &str) -> anyhow::Result<()> {
    let browser = signed_in(web, "/apps/ui", "eve", DESK)?;
    browser.reads("h1", &["ui"], SOON)?;
    browser.reads("#recent", &["Converged", "two replicas"], LONG)?;
    let protocol = "performance.getEntriesByType('navigation')[0].nextHopProtocol";
    ensure!(
        browser.value(protocol)? == "h2",
        "{}",
        browser.value(protocol)?
    );
    let actions = "a[href*=\"/rollback\"], a[href$=\"/sync\"], form[action*=\"suspend\"]";
    ensure!(
        browser.holds(&format!("!document.querySelector('{actions}')")),
        "eve is offered {}",
        browser.text(actions)
    );
    // What her browser sends when she knows the address of a form that she is not shown.
    let refused = "(r => { r.open('POST', '/apps/ui/suspend', false); \
        r.setRequestHeader('content-type', 'application/x-www-form-urlencoded'); \
        r.send('csrf=' + encodeURIComponent(document.querySelector('[name=csrf]').value)); \
        return r.status + ' ' + r.responseText })(new XMLHttpRequest())";
    let answer = browser.value(refused)?.to_string();
    ensure!(answer.contains("403 "), "{answer}");
    browser.open(&format!("{web}/apps/ui/rollback?to=ui-1"))?;
    browser.reads("main", &["Not allowed", "viewer", "team-ui"], SOON)?;
    let suspended = instance.field(&["application", "ui", "-n", "kedge"], "{.spec.suspend}")?;
    ensure!(suspended != "true", "eve suspended ui");

    browser.follow("form[action='/signout'] button")?;
    browser.open(&format!("{web}/apps"))?;
    browser.reads("h1", &["Sign in to Kedge"], SOON)
}

/// What Ada does is hers, in Git as well; of another team's application she may only look. And she
/// does it from her phone.
fn who_may_roll_back(web: &str, work: &WorkTree) -> anyhow::Result<()> {
    let browser = signed_in(web, "/apps/ui/history", "ada", PHONE)?;
    let undo = ".hist a[href='/apps/ui/rollback?to=ui-1']";
    browser.reads(".hist", &["two replicas", "Converged"], LONG)?;
    browser.follow(undo)?;
    browser.reads("h1", &["Roll back ui"], SOON)?;
    browser.reads(".commitbox", &["ada@example.org"], SOON)?;
    browser.fill("#reason", "the weekend is over")?;
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&pictures)?;
    browser.picture(&pictures.join("rollback-by-ada.png"))?;
    browser.follow("button.pri")?;
    browser.reads("#head", &["Rollout 3", "undoes ui-2"], SOON)?;
    browser.reads("#head", &["Rollback converged"], LONG)?;
    work.git(&["pull", "-q"])?;
    let author = work.git(&["log", "-1", "--format=%an <%ae>, %s"])?;
    ensure!(
        author.contains("<ada@example.org>, Revert"),
        "the commit is by {author}"
    );
    browser.open(&format!("{web}/apps/serving/history"))?;
    browser.reads("h1", &["serving"], SOON)?;
    let others = "document.querySelector('a[href*=\"/rollback\"], form[action*=suspend]')";
    ensure!(browser.holds(&format!("!{others}")), "serving is not hers");
    let mut complaints = browser.complaints()?;
    // The provider has no icon.
    complaints.retain(|complaint| complaint.contains(web));
    ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
    Ok(())
}
