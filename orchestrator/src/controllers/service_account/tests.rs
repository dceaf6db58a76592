use client::{DeleteOptions, Driver};
use serde_json::json;

use super::ServiceAccounts;
use crate::testing::Cluster;

#[tokio::test]
async fn every_namespace_gets_its_account_and_certificate_back() {
    let cluster = Cluster::new().await;
    let recorder = cluster.recorder("test");
    let accounts = ServiceAccounts::new(&cluster.informers, "PEM", recorder);
    let driver = Driver::new(
        accounts,
        cluster.client.clone(),
        &cluster.informers,
        &cluster.env,
    );
    cluster
        .create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}))
        .await;
    cluster.run(&[&driver]).await;
    for namespace in ["default", "shop"] {
        let account = cluster.find("", "serviceaccounts", namespace, "default");
        assert!(account.await.is_some(), "{namespace}");
        let map = cluster.find("", "configmaps", namespace, "kube-root-ca.crt");
        assert_eq!(map.await.unwrap().body["data"]["ca.crt"], "PEM");
    }
    let map = cluster
        .find("", "configmaps", "shop", "kube-root-ca.crt")
        .await
        .unwrap();
    cluster
        .merge(&map, &json!({"data": {"ca.crt": "other", "x": "y"}}))
        .await;
    let account = cluster.find("", "serviceaccounts", "shop", "default").await;
    cluster
        .delete(&account.unwrap(), &DeleteOptions::default())
        .await;
    cluster.run(&[&driver]).await;
    let map = cluster
        .find("", "configmaps", "shop", "kube-root-ca.crt")
        .await;
    assert_eq!(map.unwrap().body["data"], json!({"ca.crt": "PEM"}));
    let account = cluster.find("", "serviceaccounts", "shop", "default").await;
    assert!(account.is_some());
}
