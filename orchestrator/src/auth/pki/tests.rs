use std::fs;
use std::os::unix::fs::PermissionsExt;

use tls::certificate::subject;

use super::*;

#[test]
fn makes_everything_once() {
    let directory = std::env::temp_dir().join(format!("kedge-pki-{}", std::process::id()));
    let _ = fs::remove_dir_all(&directory);
    let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let names = ServingNames {
        cluster_domain: "cluster.local".into(),
        service_address: "10.96.0.1".parse().unwrap(),
        names: vec!["api.example.org".into()],
        addresses: vec!["192.0.2.7".parse().unwrap()],
    };
    let pki = Pki::open(&directory, now).unwrap();
    let serving = pki.api_server(&names, now).unwrap();
    let admin = pki.client(Holder::Admin, now).unwrap();
    pki.client(Holder::Node("n1"), now).unwrap();
    pki.agent("n1", ["192.0.2.8".parse().unwrap()], now)
        .unwrap();
    assert!(pki.client(Holder::Node("../n1"), now).is_err());

    let again = Pki::open(&directory, now).unwrap();
    assert_eq!(again.authority_pem(), pki.authority_pem());
    assert_eq!(
        again.service_account_key_pem(),
        pki.service_account_key_pem()
    );
    assert_eq!(again.api_server(&names, now).unwrap(), serving);
    assert_eq!(again.client(Holder::Admin, now).unwrap(), admin);
    let more = ServingNames {
        addresses: vec!["192.0.2.9".parse().unwrap()],
        ..names
    };
    assert_ne!(again.api_server(&more, now).unwrap(), serving);

    for entry in fs::read_dir(&directory).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        let expected = if entry.file_name() == "ca.crt" {
            0o644
        } else {
            0o600
        };
        assert_eq!(mode, expected, "{:?}", entry.file_name());
    }
    let mode = fs::metadata(&directory).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_node_is_known_by_name_and_group() {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let now = Timestamp::UNIX_EPOCH;
    let authority = Authority::generate("kedge", now).unwrap();
    let (_, wanted) = client(Holder::Node("n1")).unwrap();
    let pair = authority.issue(&wanted, now).unwrap();
    let der = CertificateDer::from_pem_slice(pair.certificate_pem.as_bytes()).unwrap();
    let subject = subject(&der).unwrap();
    assert_eq!(subject.common_name, "system:node:n1");
    assert_eq!(subject.organizations, ["system:nodes"]);
}

#[test]
fn an_agent_gets_new_certificates_that_say_what_the_old_ones_said() {
    let directory = std::env::temp_dir().join(format!("kedge-renew-{}", std::process::id()));
    let _ = fs::remove_dir_all(&directory);
    let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let pki = Pki::open(&directory, now).unwrap();
    let address: IpAddr = "192.0.2.8".parse().unwrap();
    pki.client(Holder::Node("n1"), now).unwrap();
    let before = pki.agent("n1", [address], now).unwrap();
    let asks = || tls::certificate::Request::generate("n1").unwrap();
    let (client, serving) = (asks(), asks());
    let renew = |node: &str| pki.renew(node, &client.request_pem, &serving.request_pem, now);
    let (as_client, as_server) = renew("n1").unwrap().unwrap();
    let wanted = |pem: &str| pki.authority.issued(pem).unwrap().unwrap();
    assert_eq!(
        wanted(&as_client),
        self::client(Holder::Node("n1")).unwrap().1
    );
    assert_eq!(wanted(&as_server), wanted(&before.certificate_pem));
    assert!(wanted(&as_server).addresses.contains(&address));

    assert!(
        renew("n2").unwrap().is_none(),
        "nobody issued anything for it"
    );
    assert!(renew("../n1").is_err());
    assert!(pki.renew("n1", "no request", "", now).is_err());
    pki.forget("n1").unwrap();
    assert!(renew("n1").unwrap().is_none());
    pki.forget("n1").unwrap();
    fs::remove_dir_all(directory).unwrap();
}
