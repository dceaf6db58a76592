use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn pod() -> impl Strategy<Value = Value> {
    let port = (80..83_i64, prop::option::of(Just("UDP"))).prop_map(|(port, protocol)| {
        let mut item = json!({"containerPort": port});
        if let Some(protocol) = protocol {
            item["protocol"] = json!(protocol);
        }
        item
    });
    let ports = prop::collection::vec(port, 0..3).prop_map(|mut ports| {
        let mut seen = Vec::new();
        ports.retain(|port| {
            let is_new = !seen.contains(port);
            seen.push(port.clone());
            is_new
        });
        ports
    });
    let container = ("[a-c]", ports, prop::collection::vec("[a-z]", 0..2));
    let containers = prop::collection::btree_map("[a-d]", container, 0..4).prop_map(|containers| {
        let container = |(name, (image, ports, args))| json!({"name": name, "image": image, "ports": ports, "args": args});
        containers.into_iter().map(container).collect::<Vec<_>>()
    });
    let labels = prop::collection::btree_map("[a-c]", "[0-1]", 0..3);
    let tolerations = prop::collection::vec("[a-b]", 0..3);
    (labels, containers, tolerations).prop_map(|(labels, containers, tolerations)| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": labels},
            "spec": {"containers": containers, "tolerations": tolerations.iter().map(|key| json!({"key": key})).collect::<Vec<_>>()}})
    })
}

proptest! {
    #[test]
    fn twice_is_once(first in pod(), second in pod(), third in pod()) {
        let live = applied(None, first, "x", 1);
        let live = try_apply(Some(&live), second, "y", Conflicts::Force, 2).unwrap();
        let once = try_apply(Some(&live), third.clone(), "x", Conflicts::Force, 3).unwrap();
        let twice = try_apply(Some(&once), third, "x", Conflicts::Refuse, 4).unwrap();
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn what_one_states_alone_is_all_there_is(first in pod(), second in pod()) {
        let live = applied(None, first, "x", 1);
        let next = applied(Some(&live), second.clone(), "x", 2);
        let fresh = applied(None, second, "x", 2);
        let fields = |object: &Object| Managed::of(object).entries.remove(0).fields;
        prop_assert_eq!(fields(&next), fields(&fresh));
        prop_assert_eq!(&next.body["spec"], &fresh.body["spec"]);
    }
}
