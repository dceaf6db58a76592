use super::super::tests::{now, rollout};
use super::*;

fn shown(query: &Query, count: i64) -> List {
    let one = |number: i64| Rollout {
        id: format!("web-{number}"),
        number,
        ..rollout(RolloutPhase::Succeeded, 1000 - number)
    };
    let all: Vec<Rollout> = (0..count).rev().map(one).collect();
    let counted = Counted {
        created: 1,
        changed: 4,
        deleted: 0,
    };
    let standing = Standing {
        objects: [("web-0".to_owned(), counted)].into(),
        ..Standing::default()
    };
    let now = now().to_zoned(jiff::tz::TimeZone::UTC);
    list(
        (&all, &[]),
        &standing,
        query,
        "/h",
        Scope::Application,
        &now,
    )
}

fn asked(address: &str) -> Query {
    let address = address.parse().unwrap();
    axum::extract::Query::try_from_uri(&address).unwrap().0
}

#[test]
fn each_page_leads_to_the_one_before_it() {
    let full = i64::from(PAGE);
    let first = shown(&Query::default(), full);
    assert_eq!((first.newer.as_str(), first.newest.as_str()), ("", ""));
    let second = shown(&asked(&first.older), full);
    assert_eq!((second.newer.as_str(), second.newest.as_str()), ("/h", ""));
    let third = shown(&asked(&second.older), full);
    assert_eq!(third.newest, "/h");
    assert_eq!(asked(&third.newer).before, asked(&first.older).before);
    assert_eq!(shown(&asked(&third.newer), full).newer, "/h");
    // However far one goes, the address does not grow for ever.
    let mut page = third;
    for _ in 0..TRAIL * 2 {
        page = shown(&asked(&page.older), full);
    }
    assert_eq!(asked(&page.older).trail.split(',').count(), TRAIL);
    // Somebody who was given the address of an older page has no way that led there.
    let query = Query {
        trail: String::new(),
        ..asked(&page.older)
    };
    assert_eq!(shown(&query, 3).newer, "/h");
}

#[test]
fn a_rollout_says_how_many_objects_it_is_about() {
    let page = shown(&Query::default(), 2).to_string();
    let told = "<i>+1</i> <u>~4</u> </td>";
    assert_eq!(page.matches(told).count(), 1, "{page}");
}
