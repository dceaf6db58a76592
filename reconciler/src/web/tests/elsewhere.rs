//! Repositories, changes, tokens and what is found, as the sample has them.

use askama::Template;

use engine::plan::Counts;
use engine::radius::{Content, Demand, Loss, Radius, Restart, Unplaced, Use};

use super::nodes::fewer;
use super::sample::{Sample, ago, id, key, now};
use super::*;
use crate::forge::{Change, Report, Touched, Verdict};
use crate::githost::Token;
use crate::githost::hosted::{Direction, Mirror};
use crate::githost::rule::Rule;
use crate::githost::token::{self, Made, Wanted};
use crate::history::InventoryItem;
use crate::service::{BranchHead, RepositoryView};
use crate::web::view::search::Found;
use crate::web::webhook::{Delivery, Refused, Webhook};

impl Sample {
    pub(super) fn all_repositories(&self) -> Vec<RepositoryView> {
        let cluster = RepositoryView {
            name: "cluster".into(),
            url: String::new(),
            clone_url: "http://127.0.0.1:8080/git/cluster.git".into(),
            branches: vec![BranchHead {
                name: "main".into(),
                commit: self.head.clone(),
            }],
            branch_count: 1,
            followed: "main".into(),
            fetched_at: Some(ago(3)),
            told_at: None,
            webhook: None,
            error: String::new(),
            applications: vec!["serving".into(), "ui".into()],
            mirrors: vec![Mirror {
                repository: "cluster".into(),
                direction: Direction::To,
                url: self.text("https://git.example.org/copy.git"),
                created_by: "admin".into(),
                created_at: ago(9_000),
                synced_at: Some(ago(900)),
                error: self.text("the server did not answer"),
                failures: 3,
            }],
            rules: vec![Rule::strict("release/*")],
        };
        let shop = RepositoryView {
            name: "shop".into(),
            url: "https://git.example.org/shop.git".into(),
            clone_url: String::new(),
            branches: Vec::new(),
            branch_count: 0,
            followed: String::new(),
            fetched_at: None,
            told_at: Some(ago(60)),
            webhook: Some(Webhook {
                last: Some(Delivery {
                    at: ago(60),
                    forge: "github".into(),
                    outcome: "1 repository is looked at".into(),
                }),
                refused: Some(Refused {
                    at: ago(20),
                    why: "the signature or token is wrong".into(),
                    count: 3,
                }),
            }),
            error: self.text("the credentials were refused"),
            mirrors: Vec::new(),
            rules: Vec::new(),
            ..cluster.clone()
        };
        vec![cluster, shop]
    }

    pub(super) fn all_changes(&self) -> Vec<Change> {
        if self.empty {
            return Vec::new();
        }
        let touched = Touched {
            name: "serving".into(),
            removed: false,
            counts: Counts {
                change: 1,
                delete: 1,
                ..Counts::default()
            },
            lines: vec![
                "- delete  ConfigMap movies/old".into(),
                "~ change  Deployment movies/serving".into(),
                "    @@ spec @@".into(),
                self.text("    -replicas: 4"),
                "    +replicas: 3".into(),
            ],
            edits: vec![fewer()],
            radius: Radius {
                restarts: vec![Restart {
                    workload: "Deployment movies/serving".into(),
                    pods: 4,
                    added: 0,
                    away: 1,
                    gone: false,
                }],
                uses: vec![Use {
                    object: "ConfigMap movies/old".into(),
                    deleted: true,
                    by: "Deployment movies/ui".into(),
                    application: "ui".into(),
                }],
                contents: vec![Content {
                    object: "Namespace shop".into(),
                    deleted: true,
                    objects: 3,
                    application: "shop".into(),
                }],
                losses: vec![Loss {
                    object: "Job movies/first".into(),
                    what: "is run, and what it does stays done".into(),
                }],
            },
        };
        let planned = Change {
            repository: "cluster".into(),
            branch: "try".into(),
            revision: id("bbbb"),
            base: self.planned_at.clone(),
            pull: String::new(),
            planned_at: ago(120),
            verdict: Verdict::Passed,
            digest: "ab".repeat(32),
            report: Report {
                demand: Demand {
                    milli_cpu: 1_500,
                    memory: 0,
                    unplaced: vec![Unplaced {
                        workload: "Deployment movies/serving".into(),
                        pods: 2,
                    }],
                },
                subject: self.text("serving: fewer replicas"),
                author: "Ann".into(),
                applications: vec![touched],
                unchanged: 4,
                ..Report::default()
            },
        };
        let refused = Change {
            branch: "pull/7".into(),
            pull: "7".into(),
            verdict: Verdict::Refused,
            report: Report {
                problems: self.text("movies/ui.yaml:3: unknown field spec.replica"),
                ..Report::default()
            },
            ..planned.clone()
        };
        let elsewhere = Change {
            repository: "shop".into(),
            branch: "colour".into(),
            ..planned.clone()
        };
        vec![planned, refused, elsewhere]
    }

    pub(super) fn make_token(&self, wanted: Wanted) -> Result<Made, token::Error> {
        if wanted.name.is_empty() {
            return Err(token::Error::Wrong("a token needs a name".into()));
        }
        let token = Token {
            id: "0011".into(),
            user: wanted.name.clone(),
            name: wanted.name,
            role: wanted.role,
            digest: String::new(),
            created_by: wanted.created_by,
            created_at: ago(0),
            expires_at: None,
            revoked_at: None,
            used_at: None,
        };
        self.tokens.lock().unwrap().push(token.clone());
        Ok(Made {
            token,
            secret: "kedge_0011_secret".into(),
        })
    }

    pub(super) fn drop_token(&self, name: &str) -> Result<Token, token::Error> {
        let mut tokens = self.tokens.lock().unwrap();
        let at = tokens.iter().position(|token| token.name == name);
        let at = at.ok_or_else(|| token::Error::Missing(name.into()))?;
        Ok(tokens.remove(at))
    }

    pub(super) fn found(&self) -> Found {
        Found {
            applications: vec!["serving".into(), "ui".into()],
            objects: vec![InventoryItem {
                application: "serving".into(),
                key: key("configmaps", &self.text("serving-settings")),
                uid: api::Uid("u".into()),
                added_at: ago(900),
            }],
            rollouts: self.all_rollouts(),
            changes: self.all_changes(),
        }
    }
}

#[tokio::test]
async fn an_exact_name_leads_there_and_a_part_is_a_list() {
    let site = Site::new(Sample::default()).await;
    let to = async |query: &str| {
        let request = Request::get(format!("/search?q={query}"))
            .header(header::COOKIE, site.cookie())
            .header(header::ACCEPT, "text/html");
        let response = site.send(request.body(Body::empty()).unwrap()).await;
        let place = response.headers().get(header::LOCATION).cloned();
        place.map(|place| place.to_str().unwrap().to_owned())
    };
    assert_eq!(to("ui").await.as_deref(), Some("/apps/ui"));
    assert_eq!(to("try").await.as_deref(), Some("/changes/try"));
    let rollout = to("serving-12").await;
    assert_eq!(rollout.as_deref(), Some("/rollouts/serving-12"));
    assert_eq!(to("north-a").await.as_deref(), Some("/nodes/north-a"));
    assert_eq!(
        to("7f3c2ab").await.as_deref(),
        Some("/commits/7f3c2ab41d0c")
    );
    assert_eq!(to("serv").await, None);
    let (_, text) = site.page("/search?q=serv").await;
    for said in [
        "Application",
        "Message",
        "serving-settings",
        "serving-7d9f6c8b54-x2x7k",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[tokio::test]
async fn a_change_says_how_far_it_reaches() {
    let site = Site::new(Sample::default()).await;
    let (_, text) = site.page("/changes/try").await;
    for said in [
        "Pods restarted",
        "Missing meanwhile",
        "Others reached",
        "shop, ui",
        "Namespace shop goes, and with it 3 objects of application shop",
        "1 thing cannot be undone",
        "not to be undone: Job movies/first is run",
        "Pods without room",
        "requests +1.5 CPU",
        "no node has room for 2 pods of Deployment movies/serving",
        "kedge plan try",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let (_, text) = site.page("/changes/pull/7").await;
    assert!(text.contains("unknown field spec.replica"), "{text}");
    let (status, _) = site.page("/changes/none").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let empty = Site::new(Sample {
        empty: true,
        ..Sample::default()
    })
    .await;
    let (_, text) = empty.page("/changes").await;
    assert!(text.contains("Not all changes are known"), "{text}");
}

#[tokio::test]
async fn a_token_is_shown_once_and_revoked() {
    let site = Site::new(Sample::default()).await;
    let session = site.auth.sign_in(TOKEN, now()).unwrap();
    let csrf = site.auth.csrf(&session);
    let cookie = site.auth.cookie(&session);
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let write = async |path: &str, form: String| {
        let request = Request::post(path)
            .header(header::COOKIE, &cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        read(site.send(request.body(Body::from(form)).unwrap()).await).await
    };
    let (status, _) = write("/settings/tokens", "name=ci&role=writer".into()).await;
    assert_eq!(
        status,
        StatusCode::FORBIDDEN,
        "without the session's own token"
    );
    let form = format!("csrf={csrf}&name=ci&role=writer");
    let (status, text) = write("/settings/tokens", form).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    assert!(text.contains("kedge_0011_secret"), "{text}");
    let (_, text) = site.page("/settings/tokens").await;
    assert!(
        text.contains(">ci<") && !text.contains("kedge_0011_secret"),
        "{text}"
    );
    let (_, text) = write("/settings/tokens", format!("csrf={csrf}&name=")).await;
    assert!(text.contains("a token needs a name"), "{text}");
    let form = format!("csrf={csrf}");
    let (status, _) = write("/settings/tokens/ci/revoke", form.clone()).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, _) = write("/settings/tokens/ci/revoke", form).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let form = format!("csrf={csrf}&theme=dark");
    let (status, _) = write("/settings/preferences", form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn shortcuts_can_be_switched_off() {
    let site = Site::new(Sample::default()).await;
    let with = async |more: &str| {
        let request = Request::get("/apps")
            .header(header::COOKIE, format!("{}{more}", site.cookie()))
            .header(header::ACCEPT, "text/html");
        let response = site.send(request.body(Body::empty()).unwrap()).await;
        read(response).await.1
    };
    assert!(!with("").await.contains("data-keys"));
    assert!(with("; shortcuts=off").await.contains("data-keys=\"off\""));
}

#[test]
fn a_plan_is_offered_where_there_is_one() {
    let mut all = Sample::default().all_repositories();
    let mut cluster = all.remove(0);
    let head = |name: &str, commit: &str| BranchHead {
        name: name.into(),
        commit: id(commit),
    };
    let main = cluster.branches[0].commit.0.clone();
    cluster.branches = vec![
        head("main", &main),
        head("same", &main),
        head("new", "c41d9e0"),
    ];
    cluster.branch_count = 103;
    let told = |view: &RepositoryView| {
        let view = crate::web::view::repos::one(view, now());
        let offers: Vec<bool> = view.branches.iter().map(|it| !it.2.is_empty()).collect();
        (
            offers,
            crate::web::view::repos::Page { view }.render().unwrap(),
        )
    };
    let (offers, page) = told(&cluster);
    assert_eq!(offers, [false, false, true]);
    assert!(page.contains("And 100 more"), "{page}");
    let unread = RepositoryView {
        followed: String::new(),
        applications: Vec::new(),
        ..cluster
    };
    assert_eq!(told(&unread).0, [false; 3]);
}

#[test]
fn a_repository_without_a_branch_says_how_the_first_one_comes() {
    let all = Sample::default().all_repositories();
    let empty = RepositoryView {
        branches: Vec::new(),
        applications: Vec::new(),
        mirrors: Vec::new(),
        ..all.into_iter().next().unwrap()
    };
    let view = crate::web::view::repos::one(&empty, now());
    let page = crate::web::view::repos::Page { view }.render().unwrap();
    assert!(
        page.contains("No branch yet") && page.contains("git push -u origin main"),
        "{page}"
    );
}
