use client::Driver;
use serde_json::json;

use super::ApiService;
use crate::testing::Cluster;

#[tokio::test]
async fn the_service_is_there_and_comes_back_as_it_was() {
    let cluster = Cluster::new().await;
    let servers = [
        "127.0.0.1:6443".parse().unwrap(),
        "10.1.0.1:6443".parse().unwrap(),
    ];
    let controller = ApiService::new(
        &cluster.informers,
        "10.96.0.1".parse().unwrap(),
        &servers,
        cluster.recorder("test"),
    );
    let driver = Driver::new(
        controller,
        cluster.client.clone(),
        &cluster.informers,
        &cluster.env,
    );
    let group = "discovery.k8s.io";
    for _ in 0..2 {
        cluster.run(&[&driver]).await;
        let service = cluster.find("", "services", "default", "kubernetes").await;
        let service = service.unwrap();
        assert_eq!(service.text("/spec/clusterIP"), "10.96.0.1");
        assert_eq!(service.body["spec"]["ports"][0]["targetPort"], 6443);
        let slice = cluster
            .find(group, "endpointslices", "default", "kubernetes")
            .await
            .unwrap();
        assert_eq!(
            slice.body["endpoints"],
            json!([{"addresses": ["10.1.0.1"], "conditions": {"ready": true}}])
        );
        cluster.merge(&slice, &json!({"ports": []})).await;
        cluster
            .delete(&service, &client::DeleteOptions::default())
            .await;
    }
}
