//! The plugin `IAMPolicyGenerator`: a ServiceAccount that stands for one of a cloud.

use serde::Deserialize;
use serde_json::json;

use super::super::metadata::Maker;
use super::super::resource::Resource;
use super::super::site::Site;
use crate::Problem;

/// Its configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct IamPolicy {
    cloud: String,
    kubernetes_service: Account,
    service_account: Account,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Account {
    namespace: String,
    name: String,
    project_id: String,
}

impl IamPolicy {
    pub(in super::super) fn make(&self, site: &Site) -> Result<Resource, Problem> {
        if self.cloud != "gke" {
            let text = format!("there is no cloud {:?}", self.cloud);
            return Err(site.field("cloud").problem(text).hint("only gke is known"));
        }
        let Account {
            name, project_id, ..
        } = &self.service_account;
        let account = format!("{name}@{project_id}.iam.gserviceaccount.com");
        let mut body = json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "annotations": {"iam.gke.io/gcp-service-account": account},
                "name": self.kubernetes_service.name,
            },
        });
        if !self.kubernetes_service.namespace.is_empty() {
            body["metadata"]["namespace"] = self.kubernetes_service.namespace.as_str().into();
        }
        let mut resource = Resource::new(body.into(), site.origin());
        resource.made_by = Some(Maker::builtin("IAMPolicyGenerator"));
        Ok(resource)
    }
}
