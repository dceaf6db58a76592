use super::*;

#[track_caller]
fn check(rule: fn(&str) -> Vec<String>, fine: &[&str], wrong: &[(&str, &str)]) {
    for value in fine {
        assert_eq!(rule(value), Vec::<String>::new(), "{value:?}");
    }
    for (value, start) in wrong {
        let messages = rule(value).join(" | ");
        assert!(
            !messages.is_empty() && messages.starts_with(start),
            "{value:?}: {messages:?}"
        );
    }
}

#[test]
fn dns_names() {
    let long = "a".repeat(64);
    check(
        dns1123_label,
        &["a", "0", "my-name", "123-abc", &"a".repeat(63)],
        &[
            (
                "",
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
            ),
            ("a.b", "must not contain dots"),
            ("-a", "a lowercase RFC 1123 label"),
            ("a_b", "a lowercase RFC 1123 label"),
            ("Web", "a lowercase RFC 1123 label"),
            (&long, "must be no more than 63 bytes"),
        ],
    );
    check(
        dns1123_subdomain,
        &["a", "example.com", "1.2.3.4"],
        &[
            (
                "a..b",
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
            ),
            ("a.-b", "a lowercase"),
            (&"a".repeat(254), "must be no more than 253 bytes"),
        ],
    );
    check(
        dns1035_label,
        &["a1", "my-name"],
        &[("1a", "a DNS-1035 label must")],
    );
    check(
        wildcard_dns1123_subdomain,
        &["*.example.com"],
        &[
            ("*", "a wildcard DNS-1123"),
            ("*.*.com", "a wildcard DNS-1123"),
        ],
    );
}

#[test]
fn path_segments() {
    check(
        path_segment,
        &["system:node", "a b", "..."],
        &[
            (".", "may not be '.'"),
            ("..", "may not be '..'"),
            ("a/b%", "may not contain '/' | may not contain '%'"),
        ],
    );
    assert_eq!(generated("web-"), "wea");
    assert_eq!(generated("a-"), "a");
    assert_eq!(generated("-"), "-");
    assert_eq!(generated("web"), "web");
}

#[test]
fn qualified_names_and_labels() {
    check(
        qualified_name,
        &["a", "A.b_c-1", "example.com/Name", "kubernetes.io/x"],
        &[
            (
                "",
                "name part must be non-empty | name part must consist of",
            ),
            ("/a", "prefix part must be non-empty"),
            ("a/", "name part must be non-empty"),
            ("Ex.com/a", "prefix part a lowercase RFC 1123 subdomain"),
            (
                "a/b/c",
                "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
            ),
            ("a b", "name part must consist of alphanumeric"),
        ],
    );
    check(
        label_value,
        &["", "a", "1.2_3-x"],
        &[
            ("-a", "a valid label must be an empty string or consist of"),
            ("a b", "a valid label"),
        ],
    );
}

#[test]
fn ports_and_keys() {
    check(
        port_name,
        &["http", "h-2", "1a"],
        &[
            ("80", "must contain at least one letter (a-z)"),
            (
                "HTTP",
                "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-) | must contain at least one",
            ),
            ("a--b", "must not contain consecutive hyphens"),
            ("a-", "must not begin or end with a hyphen"),
            ("abcdefghijklmnop", "must be no more than 15 bytes"),
        ],
    );
    assert_eq!(port_number(0), ["must be between 1 and 65535, inclusive"]);
    assert!(port_number(443).is_empty());
    check(
        env_var_name,
        &["PATH", "my.env", "1 a"],
        &[
            ("", "environment variable name must be non-empty"),
            (
                "A=B",
                "a valid environment variable name must consist only of printable ASCII",
            ),
            ("é", "a valid environment"),
        ],
    );
    check(
        config_key,
        &["a.properties", "..data".trim_start_matches('.'), "_"],
        &[
            ("..", "must not be '..'"),
            ("..a", "must not start with '..'"),
            ("a/b", "a valid config key"),
            ("", "a valid config key"),
        ],
    );
    check(
        percent,
        &["0%", "150%"],
        &[("%", "a valid percent"), ("5", "a valid percent")],
    );
    check(
        http_header_name,
        &["X-Name"],
        &[("a b", "a valid HTTP header")],
    );
}

#[test]
fn addresses() {
    check(
        ip,
        &["1.2.3.4", "0.0.0.0", "::", "FE80:0:0:0:0:0:0:0abc"],
        &[
            (
                "",
                "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
            ),
            ("1.2.3", "must be a valid IP"),
            ("1.2.3.256", "must be a valid IP"),
            ("010.002.003.004", "must not have leading 0s"),
            ("::ffff:1.1.1.1", "must not be an IPv4-mapped IPv6 address"),
            ("1.2.3.0/24", "must be a valid IP"),
        ],
    );
    check(
        cidr,
        &[
            "10.0.0.0/8",
            "2001:db8::/64",
            "0.0.0.0/0",
            "1.2.3.4/32",
            "::/0",
        ],
        &[
            (
                "10.0.0.0",
                "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
            ),
            ("10.0.0.0/33", "must be a valid CIDR"),
            ("10.0.0.0/+8", "must be a valid CIDR"),
            (
                "10.0.0.0/08",
                "must not have leading 0s in IP or prefix length",
            ),
            (
                "10.0.0.1/8",
                "must not have bits set beyond the prefix length",
            ),
            (
                "::ffff:1.0.0.0/104",
                "must not have an IPv4-mapped IPv6 address",
            ),
        ],
    );
}
