//! For tests: a door that opens to `secret`, and hooks that are this test binary.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::{Authenticate, Credentials, Identity, Role, hook};
use crate::source::Person;

pub(crate) struct Door;

#[async_trait]
impl Authenticate for Door {
    async fn authenticate(&self, credentials: &Credentials) -> Option<Identity> {
        let ann = || {
            Some(Identity {
                person: Person::new("ann", "ann@example.org"),
                role: Role::Writer,
                token: "laptop".into(),
            })
        };
        match credentials {
            it if it.secret() == "secret" => ann(),
            it if it.secret() == "look" => ann().map(|ann| Identity {
                role: Role::Reader,
                ..ann
            }),
            _ => None,
        }
    }
}

/// What stands for the binary whose links are the hooks.
pub(crate) fn hook(directory: &Path) -> PathBuf {
    let (path, binary) = (directory.join("hook.sh"), std::env::current_exe().unwrap());
    let script = format!(
        "#!/bin/sh\nKEDGE_TEST_HOOK=\"${{0##*/}}\" exec '{}' --exact --nocapture \
         githost::testing::acts_as_a_hook\n",
        binary.display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Not a test by itself: hooks of the tests below start this binary to run exactly this.
#[test]
fn acts_as_a_hook() {
    let Some(name) = std::env::var_os("KEDGE_TEST_HOOK") else {
        return;
    };
    std::process::exit(hook::run(name.to_str().unwrap()).into());
}
