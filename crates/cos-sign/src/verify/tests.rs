//! One test per rule of verification.

use http::Request;
use http::request::Parts;

use super::*;
use crate::{Credentials, Validity, sign};

const NOW: u64 = 1_750_000_100;

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE")
}

fn lookup(id: &str) -> Option<Credentials> {
    (id == "AKIDEXAMPLE").then(credentials)
}

fn head(uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method("PUT").uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn signed(uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut head = head(uri, headers);
    let validity = Validity::new(1_750_000_000, 1_750_003_600).unwrap();
    sign(&head, &credentials(), validity)
        .unwrap()
        .apply(&mut head.headers);
    head
}

#[test]
fn what_was_signed_is_accepted() {
    let head = signed(
        "http://h:80/a%20b?x=1&flag",
        &[("content-type", "text/plain")],
    );
    let verified = verify(&head, lookup, NOW).unwrap();
    assert_eq!(verified.place, Place::Header);
    assert_eq!(verified.host.as_deref(), Some("h"));
    assert_eq!(verified.authorization.headers, ["content-type", "host"]);
    assert_eq!(verified.authorization.params, ["flag", "x"]);
}

#[test]
fn each_rule_has_its_own_refusal() {
    let good = signed("http://h/a?x=1", &[("range", "bytes=0-1")]);
    assert!(matches!(
        verify(&head("http://h/a", &[]), lookup, NOW),
        Err(VerifyError::Missing)
    ));
    assert!(matches!(
        verify(
            &head("http://h/a", &[("authorization", "Basic x")]),
            lookup,
            NOW
        ),
        Err(VerifyError::Malformed(_))
    ));
    assert!(matches!(
        verify(&good, lookup, 1_749_999_999),
        Err(VerifyError::NotYetValid { .. })
    ));
    assert!(matches!(
        verify(&good, lookup, 1_750_003_601),
        Err(VerifyError::Expired { .. })
    ));
    assert!(matches!(
        verify(&good, |_| None::<SecretKey>, NOW),
        Err(VerifyError::UnknownKey(_))
    ));
    let mut without = good.clone();
    without.headers.remove("range");
    assert!(matches!(
        verify(&without, lookup, NOW),
        Err(VerifyError::HeaderMissing(name)) if name == "range"
    ));
    let mut without = good.clone();
    without.uri = "http://h/a".parse().unwrap();
    assert!(matches!(
        verify(&without, lookup, NOW),
        Err(VerifyError::ParamMissing(name)) if name == "x"
    ));
    let mut twice = good;
    let line = twice.headers.get("authorization").unwrap().clone();
    twice.headers.append("authorization", line);
    assert!(matches!(
        verify(&twice, lookup, NOW),
        Err(VerifyError::UnreadableHeader)
    ));
}

#[test]
fn a_mismatch_carries_the_strings_and_names_the_first_difference() {
    let mut changed = signed("http://h/a?x=1", &[("range", "bytes=0-1")]);
    let ours = "put\n/a\nx=1\nhost=h&range=bytes%3D0-1\n";
    changed
        .headers
        .insert("range", "bytes=0-2".parse().unwrap());
    let Err(VerifyError::Mismatch(mismatch)) = verify(&changed, lookup, NOW) else {
        panic!("accepted");
    };
    assert_eq!(
        mismatch.http_string,
        "put\n/a\nx=1\nhost=h&range=bytes%3D0-2\n"
    );
    assert!(
        mismatch
            .string_to_sign
            .starts_with("sha1\n1750000000;1750003600\n")
    );
    let difference = mismatch.first_difference(ours).unwrap();
    assert_eq!(difference.name.as_deref(), Some("range"));
    assert_eq!(difference.line, 4);
}

#[test]
fn a_host_signed_without_its_port_is_accepted_where_allowed() {
    let mut head = signed("http://127.0.0.1/a", &[]);
    head.uri = "/a".parse().unwrap();
    head.headers
        .insert("host", "127.0.0.1:9000".parse().unwrap());
    assert!(verify(&head, lookup, NOW).is_err());
    let verified = verify_with(&head, lookup, NOW, &["127.0.0.1"]).unwrap();
    assert_eq!(verified.host.as_deref(), Some("127.0.0.1"));
}

#[test]
fn repeated_names_count_with_all_their_values_as_go_signs_them() {
    // Case C6 of the protocol notes, which agrees with the Go SDK.
    let uri = "https://examplebucket-1250000000.ci.ap-chongqing.myqcloud.com/queue?b=2&a=1&a=0&B=3&x%20y=%E4%B8%AD%28%29%2A%21%27~";
    let authorization = "q-sign-algorithm=sha1&q-ak=AKIDEXAMPLE&q-sign-time=1750000000;1750003600&q-key-time=1750000000;1750003600&q-header-list=host&q-url-param-list=a;a;b;b;x%20y&q-signature=03c44304fd51a5b8be3833ae335e52a8c864d354";
    let mut head = head(uri, &[("authorization", authorization)]);
    head.method = http::Method::GET;
    verify(&head, lookup, NOW).unwrap();
}

#[test]
fn a_name_with_a_plus_is_found_in_either_reading() {
    // `c+d` signed as a plus, by a signer that does not decode it.
    let mut literal = signed("http://h/a?c%2Bd=1", &[]);
    literal.uri = "http://h/a?c+d=1".parse().unwrap();
    assert_eq!(verify(&literal, lookup, NOW).unwrap().plus, Plus::Literal);
    let space = signed("http://h/a?c+d=1", &[]);
    assert_eq!(verify(&space, lookup, NOW).unwrap().plus, Plus::Space);
    let mut other = space;
    other.method = http::Method::GET;
    assert!(matches!(
        verify(&other, lookup, NOW),
        Err(VerifyError::Mismatch(_))
    ));
}

#[test]
fn debug_shows_neither_signatures_nor_tokens() {
    let mut head = head("http://h/a", &[]);
    let validity = Validity::new(1_750_000_000, 1_750_003_600).unwrap();
    let signed = sign(&head, &credentials().with_token("CANARY"), validity).unwrap();
    let shown = format!("{signed:#?}");
    assert!(
        !shown.contains("CANARY") && !shown.contains("q-signature"),
        "{shown}"
    );
    signed.apply(&mut head.headers);
    let verified = verify(&head, lookup, NOW).unwrap();
    assert_eq!(
        verified.token.as_ref().map(SecretKey::expose),
        Some("CANARY")
    );
    head.uri = "http://h/b".parse().unwrap();
    let refused = verify(&head, lookup, NOW).unwrap_err();
    let shown = format!("{verified:#?} {refused:#?} {refused}");
    assert!(!shown.contains("CANARY"), "{shown}");
    assert!(
        !shown.contains(&verified.authorization.signature),
        "{shown}"
    );
}
