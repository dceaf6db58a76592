//! The files of volumes made from objects: configuration, secrets, the pod's own data, tokens. Pure.

use api::k8s::core::v1 as core;

use super::plan::{File, Payload, Problem, Sources, token};
use crate::environment::{CONFIG_MAP, SECRET, field, resource};
use crate::pods::spec::{self, items};

const DEFAULT_MODE: i32 = 0o644;

/// Puts the files of one volume together.
pub(super) struct Files<'a> {
    pod: &'a core::Pod,
    volume: &'a str,
    sources: &'a Sources,
    payload: Payload,
}

/// One reference to keys of an object.
struct Keys<'a> {
    kind: &'static str,
    name: &'a str,
    items: &'a [core::KeyToPath],
    optional: bool,
    mode: i32,
}

impl<'a> Files<'a> {
    /// The files of a volume, and whether any of them is secret.
    pub(super) fn of(
        pod: &'a core::Pod,
        volume: &'a core::Volume,
        sources: &'a Sources,
    ) -> Result<(Payload, bool), Problem> {
        let mut files = Self {
            pod,
            volume: &volume.name,
            sources,
            payload: Payload::new(),
        };
        let is_secret = files.fill(volume)?;
        Ok((files.payload, is_secret))
    }

    /// Answers whether any of it is secret.
    fn fill(&mut self, volume: &core::Volume) -> Result<bool, Problem> {
        if let Some(map) = &volume.config_map {
            self.keys(&Keys {
                kind: CONFIG_MAP,
                name: &map.name,
                items: items(&map.items),
                optional: map.optional.unwrap_or(false),
                mode: map.default_mode.unwrap_or(DEFAULT_MODE),
            })?;
            return Ok(false);
        }
        if let Some(secret) = &volume.secret {
            self.keys(&Keys {
                kind: SECRET,
                name: secret.secret_name.as_deref().unwrap_or_default(),
                items: items(&secret.items),
                optional: secret.optional.unwrap_or(false),
                mode: secret.default_mode.unwrap_or(DEFAULT_MODE),
            })?;
            return Ok(true);
        }
        if let Some(downward) = &volume.downward_api {
            let mode = downward.default_mode.unwrap_or(DEFAULT_MODE);
            self.downward(items(&downward.items), mode)?;
            return Ok(false);
        }
        if let Some(projected) = &volume.projected {
            return self.projected(projected);
        }
        Err(Problem::Unsupported {
            volume: self.volume.to_owned(),
        })
    }

    fn projected(&mut self, projected: &core::ProjectedVolumeSource) -> Result<bool, Problem> {
        let mode = projected.default_mode.unwrap_or(DEFAULT_MODE);
        let mut is_secret = false;
        for source in items(&projected.sources) {
            if let Some(map) = &source.config_map {
                self.keys(&Keys {
                    kind: CONFIG_MAP,
                    name: &map.name,
                    items: items(&map.items),
                    optional: map.optional.unwrap_or(false),
                    mode,
                })?;
            } else if let Some(secret) = &source.secret {
                is_secret = true;
                self.keys(&Keys {
                    kind: SECRET,
                    name: &secret.name,
                    items: items(&secret.items),
                    optional: secret.optional.unwrap_or(false),
                    mode,
                })?;
            } else if let Some(downward) = &source.downward_api {
                self.downward(items(&downward.items), mode)?;
            } else if let Some(projection) = &source.service_account_token {
                is_secret = true;
                self.token(projection, mode)?;
            } else {
                return Err(Problem::Unsupported {
                    volume: self.volume.to_owned(),
                });
            }
        }
        Ok(is_secret)
    }

    fn keys(&mut self, keys: &Keys) -> Result<(), Problem> {
        let Some(data) = self.sources.objects.get(&(keys.kind, keys.name.to_owned())) else {
            if keys.optional {
                return Ok(());
            }
            return Err(Problem::Missing {
                volume: self.volume.to_owned(),
                kind: lower(keys.kind),
                name: keys.name.to_owned(),
            });
        };
        if keys.items.is_empty() {
            for (key, data) in data {
                self.add(key, data.clone(), keys.mode, None)?;
            }
            return Ok(());
        }
        for item in keys.items {
            match data.get(&item.key) {
                Some(data) => {
                    self.add(
                        &item.path,
                        data.clone(),
                        item.mode.unwrap_or(keys.mode),
                        None,
                    )?;
                }
                None if keys.optional => {}
                None => {
                    return Err(Problem::MissingKey {
                        volume: self.volume.to_owned(),
                        kind: lower(keys.kind),
                        key: item.key.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    fn downward(
        &mut self,
        files: &[core::DownwardAPIVolumeFile],
        mode: i32,
    ) -> Result<(), Problem> {
        for file in files {
            let failed = |source| Problem::Field {
                volume: self.volume.to_owned(),
                source,
            };
            let downward = &self.sources.downward;
            let value = if let Some(reference) = &file.field_ref {
                field(self.pod, &reference.field_path, downward).map_err(failed)?
            } else if let Some(reference) = &file.resource_field_ref {
                resource(self.pod, None, reference, &downward.allocatable).map_err(failed)?
            } else {
                String::new()
            };
            self.add(
                &file.path,
                value.into_bytes(),
                file.mode.unwrap_or(mode),
                None,
            )?;
        }
        Ok(())
    }

    /// A token only its user may read, where the pod has one user; else the mode decides.
    fn token(
        &mut self,
        projection: &core::ServiceAccountTokenProjection,
        mode: i32,
    ) -> Result<(), Problem> {
        let request = token(projection);
        let Some(token) = self.sources.tokens.get(&request).cloned() else {
            return Err(Problem::Missing {
                volume: self.volume.to_owned(),
                kind: "serviceaccount token for",
                name: request.audience,
            });
        };
        let context = self
            .pod
            .spec
            .as_ref()
            .and_then(|spec| spec.security_context.as_ref());
        let has_group = context.is_some_and(|context| context.fs_group.is_some());
        let (mode, owner) = match one_user(self.pod) {
            _ if has_group => (0o640, None),
            Some(user) => (0o600, Some(user)),
            None => (mode, None),
        };
        self.add(&projection.path, token.into_bytes(), mode, owner)
    }

    fn add(
        &mut self,
        path: &str,
        data: Vec<u8>,
        mode: i32,
        owner: Option<u32>,
    ) -> Result<(), Problem> {
        let is_safe = !path.is_empty()
            && !path.starts_with('/')
            && path
                .split('/')
                .all(|part| !part.is_empty() && part != ".." && part != ".");
        if !is_safe {
            return Err(Problem::Path {
                volume: self.volume.to_owned(),
                path: path.to_owned(),
            });
        }
        let mode = u32::try_from(mode).unwrap_or(0o644) & 0o777;
        self.payload
            .insert(path.to_owned(), File { data, mode, owner });
        Ok(())
    }
}

/// The user all containers run as, where the spec says so.
fn one_user(pod: &core::Pod) -> Option<u32> {
    let of_pod = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.security_context.as_ref())
        .and_then(|context| context.run_as_user);
    let mut users = spec::containers(pod).map(|(_, container)| {
        let own = container.security_context.as_ref();
        own.and_then(|own| own.run_as_user).or(of_pod)
    });
    let first = users.next()??;
    let is_same = users.all(|user| user == Some(first));
    u32::try_from(first).ok().filter(|_| is_same)
}

fn lower(kind: &str) -> &'static str {
    if kind == SECRET {
        "secret"
    } else {
        "configmap"
    }
}
