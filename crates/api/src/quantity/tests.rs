use proptest::prelude::*;

use super::*;

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn canonical_forms() {
    let check = |text: &str, canonical: &str| {
        assert_eq!(quantity(text).to_string(), canonical, "{text}");
    };
    check("0", "0");
    check("-0", "0");
    check("0.0Mi", "0");
    check("1", "1");
    check("0.5", "500m");
    check(".5", "500m");
    check("1.", "1");
    check("+2", "2");
    check("1000m", "1");
    check("1500m", "1500m");
    check("1000", "1k");
    check("1024Mi", "1Gi");
    check("1.5Gi", "1536Mi");
    check("512Ki", "512Ki");
    check("1Ki", "1Ki");
    check("0.5Ki", "512");
    check("0.001Ki", "1024m");
    check("1.1Ki", "1126400m");
    check("1e3", "1e3");
    check("1E3", "1e3");
    check("1e-3", "1e-3");
    check("12e0", "12");
    check("1E", "1E");
    check("100000k", "100M");
    check("-1.5", "-1500m");
    check("1n", "1n");
    check("0.1n", "1n");
    check("-0.1n", "-1n");
    check("1.0000000001", "1000000001n");
    check("9223372036854775807", "9223372036854775807");
    check("9223372036854775808", "9223372036854775807");
    check("100Ei", "9223372036854775807");
    check("1e100", "9223372036854775807");
    check("1e-100", "1e-9");
    check("3.0Ti", "3Ti");
    check("00012", "12");
}

#[test]
fn texts_that_are_no_quantities() {
    let long = "1".repeat(1000);
    for text in [
        "", ".", "-", "1.1.M", " 1", "1 ", "aoeu", "i", "1,5", "0x10", "½", "1i", ".5i", "0.1mi",
        "1e", "-3.01e-", "1ee3", "1K", "1mm", "1Mi3", "1+1", "--1", &long,
    ] {
        assert_eq!(text.parse::<Quantity>(), Err(InvalidQuantity), "{text}");
    }
}

#[test]
fn rounding_goes_up() {
    let check = |text: &str, value: i64, milli: i64| {
        let quantity = quantity(text);
        assert_eq!(
            (quantity.value(), quantity.milli_value()),
            (value, milli),
            "{text}"
        );
    };
    check("0", 0, 0);
    check("1m", 1, 1);
    check("1n", 1, 1);
    check("1500m", 2, 1500);
    check("-1500m", -1, -1500);
    check("2Ki", 2048, 2_048_000);
    check("9223372036854775807", i64::MAX, i64::MAX);
}

#[test]
fn arithmetic_keeps_the_format_that_says_something() {
    let check = |result: Quantity, text: &str| assert_eq!(result.to_string(), text);
    check(quantity("1Gi") + quantity("512Mi"), "1536Mi");
    check(Quantity::ZERO + quantity("1Gi"), "1Gi");
    check(quantity("1") - quantity("250m"), "750m");
    check(quantity("100m").times(3), "300m");
    check(-quantity("1Mi"), "-1Mi");
    check(
        ["100m", "200m", "1"].map(quantity).into_iter().sum(),
        "1300m",
    );
    check(Quantity::bytes(64 << 20), "64Mi");
    check(Quantity::millis(250), "250m");
    assert!(quantity("1Gi") > quantity("1G"));
    assert_eq!(quantity("1000m"), quantity("1"));
}

#[test]
fn json_strings_and_numbers_are_read() {
    let read = |text: &str| serde_json::from_str::<Quantity>(text);
    assert_eq!(read("2").unwrap().to_string(), "2");
    assert_eq!(read("0.5").unwrap().to_string(), "500m");
    assert_eq!(read("\"64Mi\"").unwrap().to_string(), "64Mi");
    assert!(read("true").is_err());
    assert_eq!(
        serde_json::to_string(&quantity("1024Mi")).unwrap(),
        "\"1Gi\""
    );
}

proptest! {
    #[test]
    fn canonical_form_reads_back_to_the_same_value(
        mantissa in any::<i64>(), suffix in "n|u|m|k|M|Ki|Mi|e3|e-3|"
    ) {
        let first = quantity(&format!("{mantissa}{suffix}"));
        let again = quantity(&first.to_string());
        prop_assert_eq!(first, again);
        prop_assert_eq!(first.to_string(), again.to_string());
    }

    #[test]
    fn never_panics(text in "[-+0-9.eEinumkKMGTP ]{0,40}") {
        let _ = text.parse::<Quantity>();
    }
}
