//! Whether a join file is for this machine, and now. Pure.

use jiff::Timestamp;

use nodeagent::network::Way;

use super::JoinFile;

/// What was seen of this machine.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) now: Timestamp,
    /// To the file's own address.
    pub(super) own: Way,
    /// To the machine of the instance.
    pub(super) via: Way,
}

/// # Errors
/// Why not, and what to do.
pub(super) fn fits(file: &JoinFile, seen: &Seen) -> Result<(), String> {
    let JoinFile { address, via, .. } = file;
    if seen.own != Way::Local {
        return Err(format!(
            "{address} is no address of this machine: the file of {} is for another one, or its \
             network is not up; see `ip address`",
            file.name
        ));
    }
    match seen.via {
        Way::Direct(_) => {}
        Way::Local => {
            return Err(format!(
                "{via} is this machine's own address: the instance runs here, and joining is for \
                 other machines"
            ));
        }
        Way::Through(router) => {
            return Err(format!(
                "the machine of the instance, {via}, is reached through the router {router}; a node \
                 is on one network with it"
            ));
        }
        Way::Nowhere => {
            return Err(format!(
                "no route leads to the machine of the instance, {via}; see `ip route`"
            ));
        }
    }
    for pem in [&file.client, &file.serving] {
        holds(pem, &file.name, seen.now)?;
    }
    Ok(())
}

fn holds(pem: &str, name: &str, now: Timestamp) -> Result<(), String> {
    let unusable =
        |_| "its certificates cannot be read; `kedge node add` writes a new one".to_owned();
    let begins = tls::certificate::begins(pem).map_err(unusable)?;
    let ends = tls::certificate::ends(pem).map_err(unusable)?;
    if now < begins {
        return Err(format!(
            "the file is of {begins}, and the clock of this machine says {now:.0}: set it right"
        ));
    }
    if ends <= now {
        return Err(format!(
            "the file held until {ends} (the clock of this machine says {now:.0}): `kedge node add \
             {name}` on the machine of the instance writes a new one"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use jiff::SignedDuration;

    use super::super::file::tests::file;
    use super::*;

    const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

    #[test]
    fn a_file_is_for_one_machine_and_a_time() {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let file = file(now);
        let well = Seen {
            now,
            own: Way::Local,
            via: Way::Direct(file.address),
        };
        assert_eq!(fits(&file, &well), Ok(()));
        let refused = |change: &dyn Fn(&mut Seen), says: &str| {
            let mut seen = well.clone();
            change(&mut seen);
            let told = fits(&file, &seen).unwrap_err();
            assert!(told.contains(says), "{told}");
        };
        refused(
            &|it| it.own = Way::Direct(OTHER),
            "no address of this machine",
        );
        refused(&|it| it.via = Way::Local, "the instance runs here");
        refused(&|it| it.via = Way::Through(OTHER), "the router 192.0.2.1");
        refused(&|it| it.via = Way::Nowhere, "no route");
        let hours = |count| SignedDuration::from_hours(count);
        refused(
            &|it| it.now = now - hours(1),
            "2026-05-31T23:00:00Z: set it right",
        );
        refused(
            &|it| it.now = now + hours(24 * 366),
            "kedge node add worker-1",
        );
    }
}
