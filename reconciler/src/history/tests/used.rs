use super::*;
use crate::usage::{Amount, Point};

#[tokio::test]
async fn a_day_of_use_is_kept_and_no_more() {
    let history = history().await;
    let step = |application: &str, second: i64, cpu_nanos: i64| {
        let amount = Amount {
            cpu_nanos,
            memory_bytes: 7,
        };
        let at = at(second);
        (application.to_owned(), Point { at, amount })
    };
    let (old, first) = (step("web", -1200, 1), step("web", 0, 2));
    for one in [&old, &first] {
        let one = std::slice::from_ref(one);
        history.keep_used(one, at(-3600)).await.unwrap();
    }
    let read = async || history.reader().used(at(-3600)).await.unwrap();
    assert_eq!(read().await, [old, first]);
    // A step that is told again replaces what was kept of it.
    let both = [step("api", 600, 3), step("web", 0, 9)];
    history.keep_used(&both, at(-600)).await.unwrap();
    assert_eq!(read().await, [step("web", 0, 9), step("api", 600, 3)]);
}
