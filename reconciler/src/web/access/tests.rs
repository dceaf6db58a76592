use super::*;

const FILE: &str = "
rules:
- role: operator
  applications: [shop-*, demo]
  groups: [team-shop]
- role: admin
  users: [ada@example.org]
- role: operator
  applications: ['*-staging']
  users: [ben]
";

fn access() -> Access {
    Access::parse(FILE).unwrap()
}

fn who<'a>(user: &'a str, email: &'a str, groups: &'a [String]) -> Who<'a> {
    Who {
        user,
        email,
        groups,
        everywhere: Role::Viewer,
    }
}

#[test]
fn a_role_is_the_highest_that_any_rule_grants() {
    let access = access();
    let groups = vec!["team-shop".to_owned()];
    let check = |who: Who<'_>, application: &str, role: Role| {
        let found = access.role(&who, Scope::Application(application));
        assert_eq!(found, role, "{who:?} {application}");
    };
    let shop = who("eve", "eve@example.org", &groups);
    check(shop, "shop-web", Role::Operator);
    check(shop, "demo", Role::Operator);
    check(shop, "demo-2", Role::Viewer);
    check(shop, "my-shop-web", Role::Viewer);
    check(who("Ada", "Ada@Example.org", &[]), "any", Role::Admin);
    check(who("ben", "", &[]), "web-staging", Role::Operator);
    check(who("ben", "", &[]), "web-staging-2", Role::Viewer);
    check(who("", "", &[]), "shop-web", Role::Viewer);
    let token = Who {
        everywhere: Role::Operator,
        ..who("ci", "", &[])
    };
    check(token, "any", Role::Operator);
}

#[test]
fn everything_is_for_those_who_may_everything() {
    let access = access();
    let groups = vec!["team-shop".to_owned()];
    let role = |who: Who<'_>| access.role(&who, Scope::Everything);
    assert_eq!(role(who("eve", "", &groups)), Role::Viewer);
    assert_eq!(role(who("ada@example.org", "", &[])), Role::Admin);
}

#[test]
fn a_refusal_says_who_can() {
    let text = access().who_can(Role::Operator, Scope::Application("shop-web"));
    let all = "the group team-shop, ada@example.org, whoever has the admin token";
    assert_eq!(text, all);
    let text = Access::default().who_can(Role::Admin, Scope::Everything);
    assert_eq!(text, "whoever has the admin token");
}

#[test]
fn a_file_that_says_nothing_sensible_is_refused() {
    let check = |yaml: &str, says: &str| {
        let error = Access::parse(yaml).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    check("rules:\n- role: operator\n", "rule 1 names nobody");
    check(
        "rules:\n- {role: viewer, users: [a]}\n- {role: admin, users: [a], applications: []}\n",
        "rule 2 names no Application",
    );
    check("rules:\n- {role: owner, users: [a]}\n", "line 2");
    check(
        "rules:\n- {role: admin, user: [a]}\n",
        "unknown field `user`",
    );
    check("rule: []\n", "unknown field `rule`");
    assert_eq!(Access::parse("rules: []\n").unwrap(), Access::default());
}

#[test]
fn a_star_stands_for_any_letters() {
    let check = |pattern: &str, name: &str, expected: bool| {
        let yaml = format!("rules: [{{role: admin, users: [a], applications: ['{pattern}']}}]");
        let access = Access::parse(&yaml).unwrap();
        let role = access.role(&who("a", "", &[]), Scope::Application(name));
        assert_eq!(role == Role::Admin, expected, "{pattern} {name}");
    };
    check("*", "", true);
    check("a*b*c", "abc", true);
    check("a*b*c", "a-b-c", true);
    check("a*b*c", "a-c-b", false);
    check("ab", "abc", false);
    check("*ab", "ab", true);
    check("aba*aba", "aba", false);
    check("a*", "ba", false);
}
