//! Placing a pod costs the same however many pods there are.

use serde_json::json;

use super::*;

#[test]
fn two_thousand_pods_find_a_hundred_nodes() {
    let big = json!({"status": {"allocatable": {"cpu": "64", "memory": "256Gi", "pods": "110"}}});
    let mut snapshot = cluster((0..100).map(|i| node(&format!("n{i:03}"), &big)).collect());
    let pods: Vec<Arc<Pod>> = (0..2_000)
        .map(|i| {
            let owner = json!({
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true,
                "name": "web", "uid": format!("owner-{}", i % 50),
            });
            pod(
                &format!("p{i}"),
                &json!({"metadata": {"ownerReferences": [owner]}}),
            )
        })
        .collect();
    let verdicts = decide(&mut snapshot, &pods);
    assert!(verdicts.iter().all(Result::is_ok));
    let counts: Vec<usize> = snapshot.nodes().iter().map(|n| n.pods.len()).collect();
    assert_eq!(counts.iter().min(), Some(&20), "{counts:?}");
}
