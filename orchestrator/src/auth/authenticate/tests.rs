use std::sync::Arc;

use api::{GroupVersionKind, Object, ObjectKey, Revision, Uid};
use futures::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::json;
use tls::{Peer, PeerCertificate};
use tokio::sync::watch;

use super::*;
use crate::auth::node::revoked::Revoked;
use crate::auth::rbac::{GROUP, bootstrap_objects};
use crate::auth::token::{Bindings, Bound, Claims, Keys, Reference, Tokens};
use crate::auth::{Authorizer, Identity, MASTERS};

const ISSUER: &str = "https://kubernetes.default.svc";

/// Header names with their values.
type Pairs<'a> = &'a [(&'a str, &'a str)];
/// A name and groups, or the code of the refusal.
type Expected = Result<(&'static str, &'static [&'static str]), u16>;

struct AllThere;

impl Bindings for AllThere {
    fn uid(&self, _key: &ObjectKey) -> Option<Uid> {
        Some(Uid("u".into()))
    }
}

fn authenticator() -> Authenticator {
    let keys = Keys::from_pem(&tls::certificate::generate_key("test").unwrap()).unwrap();
    let tokens = Tokens::new(keys, ISSUER.into(), Arc::new(AllThere));
    let mut fixed = StaticTokens::default();
    fixed.add("s3cret\n", Identity::authenticated("admin", &[MASTERS]));
    fixed.add("\n", Identity::authenticated("nobody", &[]));
    Authenticator::new(Arc::new(tokens), fixed)
}

fn headers(pairs: Pairs<'_>) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        })
        .collect()
}

fn peer(common_name: &str, organization: &str) -> Peer {
    Peer {
        address: "127.0.0.1:1".parse().unwrap(),
        certificate: Some(Arc::new(PeerCertificate {
            common_name: common_name.into(),
            organizations: vec![organization.into()],
            issued_at: Timestamp::from_second(1000).unwrap(),
        })),
    }
}

#[test]
fn credentials_become_an_identity() {
    let authenticator = authenticator();
    let now = Timestamp::from_second(1500).unwrap();
    let claims = Claims {
        audiences: vec![ISSUER.into()],
        expires: 2000,
        issued: 1000,
        issuer: ISSUER.into(),
        id: String::new(),
        bound: Bound {
            namespace: "default".into(),
            service_account: Reference {
                name: "web".into(),
                uid: "u".into(),
            },
            ..Bound::default()
        },
        not_before: 1000,
        subject: String::new(),
    };
    let token = authenticator.tokens().sign(&claims).unwrap();
    let late = Claims {
        expires: 1400,
        ..claims
    };
    let expired = authenticator.tokens().sign(&late).unwrap();
    let (bearer, stale) = (format!("Bearer {token}"), format!("Bearer {expired}"));
    // "s3cret"
    let socket = "v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.czNjcmV0";
    let node = peer("system:node:n1", "system:nodes");
    let cases: [(Option<&Peer>, Pairs<'_>, Option<&str>); 11] = [
        (None, &[], Some("system:anonymous")),
        (Some(&node), &[], Some("system:node:n1")),
        (
            Some(&node),
            &[("authorization", "Bearer nonsense")],
            Some("system:node:n1"),
        ),
        (Some(&peer("", "x")), &[], None),
        (
            None,
            &[("authorization", &bearer)],
            Some("system:serviceaccount:default:web"),
        ),
        (None, &[("authorization", &stale)], None),
        (None, &[("authorization", "bearer s3cret")], Some("admin")),
        (None, &[("authorization", "Bearer s3cre")], None),
        (
            None,
            &[("authorization", "Bearer ")],
            Some("system:anonymous"),
        ),
        (
            None,
            &[("authorization", "Basic abc")],
            Some("system:anonymous"),
        ),
        (None, &[("sec-websocket-protocol", socket)], Some("admin")),
    ];
    for (peer, pairs, expected) in cases {
        let identity = authenticator.authenticate(peer, &headers(pairs), now);
        let name = identity
            .as_ref()
            .ok()
            .map(|identity| identity.name.as_str());
        assert_eq!(name, expected, "{pairs:?}: {identity:?}");
        if let Err(status) = identity {
            assert_eq!(status.code(), 401);
        }
    }
    let node = authenticator
        .authenticate(Some(&node), &HeaderMap::new(), now)
        .unwrap();
    assert_eq!(node.groups, ["system:nodes", "system:authenticated"]);
    assert_eq!(node.node(), Some("n1"));
}

/// Since when node n1 is refused, as seconds.
struct Removed(watch::Sender<Revision>);

impl Removed {
    fn since(second: i64) -> Self {
        Self(watch::Sender::new(Revision(second)))
    }
}

impl Revoked for Removed {
    fn since(&self, node: &str) -> Option<Timestamp> {
        let second = self.0.borrow().0;
        (node == "n1").then(|| Timestamp::from_second(second).unwrap())
    }

    fn moves(&self) -> watch::Receiver<Revision> {
        self.0.subscribe()
    }
}

#[tokio::test]
async fn who_was_let_in_is_told_when_that_is_over() {
    let removed = Arc::new(Removed::since(0));
    let authenticator = authenticator().refusing(removed.clone());
    let over = |name: &str, group: &str| authenticator.refusal(Some(&peer(name, group))).boxed();
    let mut node = over("system:node:n1", "system:nodes");
    let mut others = [
        over("system:node:n2", "system:nodes"),
        over("kubernetes-admin", "system:masters"),
        authenticator.refusal(None).boxed(),
    ];
    assert!((&mut node).now_or_never().is_none());
    // The certificate is of second 1000: this is about an earlier one.
    removed.0.send_replace(Revision(1000));
    assert!((&mut node).now_or_never().is_none());
    removed.0.send_replace(Revision(1001));
    node.await;
    for other in &mut others {
        assert!(other.now_or_never().is_none());
    }
    // Who comes later than that is refused at once.
    over("system:node:n1", "system:nodes").await;
}

#[test]
fn a_node_that_was_removed_comes_in_with_new_keys_alone() {
    let now = Timestamp::from_second(5000).unwrap();
    let lets_in = |since: i64, name: &str, group: &str| {
        let authenticator = authenticator().refusing(Arc::new(Removed::since(since)));
        let peer = peer(name, group);
        authenticator
            .authenticate(Some(&peer), &HeaderMap::new(), now)
            .is_ok()
    };
    // The certificate is of second 1000.
    assert!(!lets_in(1001, "system:node:n1", "system:nodes"));
    assert!(lets_in(1000, "system:node:n1", "system:nodes"));
    assert!(lets_in(1001, "system:node:n2", "system:nodes"));
    assert!(lets_in(1001, "kubernetes-admin", "system:masters"));
}

#[test]
fn acting_as_somebody_else_needs_each_permission() {
    let authorizer = Authorizer::default();
    for object in bootstrap_objects() {
        authorizer.observe(&object);
    }
    for (kind, name, body) in [
        (
            "ClusterRole",
            "helper",
            json!({"rules": [
                {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["users"], "resourceNames": ["jane"]},
                {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["groups"], "resourceNames": ["dev"]},
                {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["serviceaccounts"]},
                {"verbs": ["impersonate"], "apiGroups": ["authentication.k8s.io"], "resources": ["userextras/example.org/scope"]},
            ]}),
        ),
        (
            "ClusterRoleBinding",
            "helper",
            json!({"roleRef": {"kind": "ClusterRole", "name": "helper"},
            "subjects": [{"kind": "User", "name": "helper"}]}),
        ),
    ] {
        let mut object = Object::new(&GroupVersionKind::new(GROUP, "v1", kind), "", name);
        for (key, value) in body.as_object().unwrap() {
            object.body[key] = value.clone();
        }
        authorizer.observe(&object);
    }
    let cases: [(Pairs<'_>, Expected); 9] = [
        (&[], Ok(("helper", &["system:authenticated"]))),
        (
            &[("impersonate-user", "jane")],
            Ok(("jane", &["system:authenticated"])),
        ),
        (
            &[("impersonate-user", "jane"), ("impersonate-group", "dev")],
            Ok(("jane", &["dev", "system:authenticated"])),
        ),
        (&[("impersonate-user", "root")], Err(403)),
        (
            &[
                ("impersonate-user", "jane"),
                ("impersonate-group", "system:masters"),
            ],
            Err(403),
        ),
        (
            &[("impersonate-user", "jane"), ("impersonate-uid", "1")],
            Err(403),
        ),
        (
            &[
                ("impersonate-user", "jane"),
                ("impersonate-extra-example.org%2fscope", "a"),
            ],
            Ok(("jane", &["system:authenticated"])),
        ),
        (&[("impersonate-group", "dev")], Err(400)),
        (
            &[("impersonate-user", "system:serviceaccount:web:robot")],
            Ok((
                "system:serviceaccount:web:robot",
                &[
                    "system:serviceaccounts",
                    "system:serviceaccounts:web",
                    "system:authenticated",
                ],
            )),
        ),
    ];
    for (pairs, expected) in cases {
        let helper = Identity::authenticated("helper", &[]);
        let got = impersonate(helper, &headers(pairs), &authorizer);
        match (&got, &expected) {
            (Ok(identity), Ok((name, groups))) => {
                assert_eq!(
                    (identity.name.as_str(), identity.groups.as_slice().len()),
                    (*name, groups.len())
                );
                assert_eq!(identity.groups, *groups);
            }
            (Err(status), Err(code)) => assert_eq!(status.code(), *code, "{pairs:?}"),
            _ => panic!("{pairs:?}: {got:?}"),
        }
    }
}
