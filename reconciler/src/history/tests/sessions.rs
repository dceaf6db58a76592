use super::*;

#[tokio::test]
async fn ended_sessions_are_known_until_they_would_have_ended() {
    let history = history().await;
    history.end_session("one", at(60), at(0)).await.unwrap();
    history.end_session("one", at(60), at(1)).await.unwrap();
    history.end_session("two", at(90), at(2)).await.unwrap();
    let mut known = history.reader().ended_sessions().await.unwrap();
    known.sort();
    assert_eq!(known, [(at(60), "one".into()), (at(90), "two".into())]);
    history.end_session("three", at(99), at(60)).await.unwrap();
    let mut known = history.reader().ended_sessions().await.unwrap();
    known.sort();
    assert_eq!(known, [(at(90), "two".into()), (at(99), "three".into())]);
}
