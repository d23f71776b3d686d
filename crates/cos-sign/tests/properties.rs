//! Signing then verifying holds for every request, and any change of what was signed makes it fail.

use std::collections::BTreeSet;

use cos_sign::{
    Authorization, Credentials, SecretKey, SignError, Signer, Validity, VerifyError,
    encode_component, encode_path, presign, sign, verify,
};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Uri};
use proptest::prelude::*;

const START: u64 = 1_750_000_000;
const END: u64 = START + 3600;

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE").with_token("TOKEN/+==")
}

fn lookup(id: &str) -> Option<Credentials> {
    (id == "AKIDEXAMPLE").then(credentials)
}

fn window() -> Validity {
    Validity::new(START, END).unwrap()
}

/// Any text of a URL that `http::Uri` takes: raw, escaped, doubled, dotted, non-ASCII, broken escapes.
fn wire(reserved: &'static str) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[A-Za-z0-9._~-]{1,6}",
        1 => proptest::sample::select(reserved.chars().map(String::from).collect::<Vec<_>>()),
        1 => any::<u8>().prop_map(|byte| format!("%{byte:02X}")),
        1 => any::<u8>().prop_map(|byte| format!("%{byte:02x}")),
        1 => any::<char>().prop_map(|c| encode_component(&c.to_string())),
        1 => "[À-ÿ一-丿]",
        1 => Just("%".to_owned()),
        1 => Just("//..%2F./".to_owned()),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

prop_compose! {
    fn target()(
        path in wire("!$&'()*+,;=:@/"),
        query in proptest::option::of(wire("!$&'()*+,;=:@/?&=&=")),
    ) -> String {
        match query {
            Some(query) => format!("/{path}?{query}"),
            None => format!("/{path}"),
        }
    }
}

fn headers() -> impl Strategy<Value = Vec<(HeaderName, HeaderValue)>> {
    let name = prop_oneof![
        "x-(cos|ci)-[a-z0-9!#$%&'*+.^_`|~-]{1,8}",
        proptest::sample::select(vec![
            "content-type",
            "range",
            "date",
            "accept",
            "host",
            "expect"
        ])
        .prop_map(str::to_owned),
    ];
    let value = proptest::collection::vec(
        any::<u8>().prop_filter("allowed in a header", |b| {
            *b == 9 || (*b >= 32 && *b != 127)
        }),
        0..12,
    );
    let line = (name, value).prop_filter_map("a header", |(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(&value).ok()?))
    });
    proptest::collection::vec(line, 0..6).prop_map(|mut lines| {
        let mut seen = BTreeSet::new();
        lines.retain(|(name, _)| seen.insert(name.as_str().to_owned()));
        lines
    })
}

prop_compose! {
    fn request()(
        method in "[A-Za-z!#$%&'*+.^_`|~-]{1,20}",
        host in "[a-z0-9.-]{1,20}(:[0-9]{1,5})?",
        target in target(),
        lines in headers(),
    ) -> Option<Parts> {
        let uri: Uri = format!("http://{host}{target}").parse().ok()?;
        let mut head = http::Request::new(()).into_parts().0;
        head.method = Method::from_bytes(method.as_bytes()).ok()?;
        head.uri = uri;
        head.headers.extend(lines);
        Some(head)
    }
}

/// Signs; `None` for the requests that are refused on purpose.
fn signed(head: &Parts, signer: &Signer) -> Option<Parts> {
    let mut signed = head.clone();
    match signer.sign(head, &credentials(), window()) {
        Ok(add) => add.apply(&mut signed.headers),
        Err(SignError::RepeatedParam(_) | SignError::PathNotUtf8(_)) => return None,
        Err(other) => panic!("{other}"),
    }
    Some(signed)
}

fn decode(text: &str, plus: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| {
            let both = two.iter().all(u8::is_ascii_hexdigit);
            let text = std::str::from_utf8(two).ok().filter(|_| both)?;
            u8::from_str_radix(text, 16).ok()
        });
        match (first, hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                rest = &tail[2..];
                continue;
            }
            (b'+', _) => out.push(plus),
            _ => out.push(first),
        }
        rest = tail;
    }
    out
}

/// What a signature covers of a target, read here anew: the decoded path and the listed pairs.
type View = (Vec<u8>, Vec<(Vec<u8>, Vec<u8>)>);

fn view(target: &str, listed: &BTreeSet<Vec<u8>>, plus: u8) -> View {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
        .map(|(name, value)| (decode(name, plus).to_ascii_lowercase(), decode(value, plus)))
        .filter(|(name, _)| listed.contains(name))
        .collect();
    pairs.sort();
    (decode(path, b'+'), pairs)
}

/// The names of a query, decoded and in lower case. A list cannot name the empty one.
fn names(target: &str) -> BTreeSet<Vec<u8>> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let pieces = query.split('&');
    let names = pieces.map(|piece| piece.split('=').next().unwrap_or_default());
    let named = names.filter(|name| !name.is_empty());
    named
        .map(|name| decoded_name(&name.replace('+', "%20")))
        .collect()
}

fn decoded_name(name: &str) -> Vec<u8> {
    decode(name, b'+').to_ascii_lowercase()
}

fn target_of(head: &Parts) -> String {
    head.uri.path_and_query().unwrap().to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn what_is_signed_verifies(head in request(), which in 0..4usize) {
        let Some(head) = head else { return Ok(()) };
        let signers = [Signer::go(), Signer::java(), Signer::python(), Signer::node()];
        let Some(signed) = signed(&head, &signers[which]) else { return Ok(()) };
        let verified = verify(&signed, lookup, START).unwrap();
        prop_assert_eq!(verified.token.as_ref().map(SecretKey::expose), Some("TOKEN/+=="));
        let line = signed.headers["authorization"].to_str().unwrap();
        let read: Authorization = line.parse().unwrap();
        prop_assert_eq!(read.to_string(), line);
    }

    #[test]
    fn what_is_presigned_verifies_with_the_headers_that_must_be_sent(head in request()) {
        let Some(head) = head else { return Ok(()) };
        let Ok(presigned) = presign(&head, &credentials(), window()) else { return Ok(()) };
        let mut received = http::Request::new(()).into_parts().0;
        received.method = presigned.method;
        received.uri = presigned.uri;
        received.headers = presigned.headers;
        verify(&received, lookup, END).unwrap();
    }

    #[test]
    fn any_other_byte_of_the_target_fails_unless_it_means_the_same(
        head in request(), at in any::<prop::sample::Index>(), byte in any::<u8>(), kind in 0..3u8,
    ) {
        let Some(mut changed) = head.as_ref().and_then(|head| signed(head, &Signer::new())) else {
            return Ok(());
        };
        let before = target_of(&changed);
        let mut bytes = before.clone().into_bytes();
        let at = at.index(bytes.len());
        match kind {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            _ => { bytes.remove(at); }
        }
        let Ok(uri) = Uri::try_from(bytes) else { return Ok(()) };
        if uri.authority().is_some() || uri.path_and_query().is_none() { return Ok(()) }
        // The host stays: it is signed from the URI otherwise.
        if !changed.headers.contains_key("host") {
            let host = changed.uri.authority().unwrap().as_str();
            let host = host.strip_suffix(":80").unwrap_or(host).parse().unwrap();
            changed.headers.insert("host", host);
        }
        changed.uri = uri;
        let after = target_of(&changed);
        let listed = names(&before);
        let meant = view(&before, &listed, b' ');
        let same = view(&after, &listed, b' ') == meant || view(&after, &listed, b'+') == meant;
        prop_assert_eq!(verify(&changed, lookup, START).is_ok(), same, "{} -> {}", before, after);
    }

    #[test]
    fn another_method_host_header_or_token_fails(head in request(), which in any::<prop::sample::Index>()) {
        let Some(signed) = head.as_ref().and_then(|head| signed(head, &Signer::new())) else {
            return Ok(());
        };
        let mut other = signed.clone();
        other.method = Method::from_bytes(format!("{}X", signed.method).as_bytes()).unwrap();
        prop_assert!(matches!(verify(&other, lookup, START), Err(VerifyError::Mismatch(_))));

        let line: Authorization = signed.headers["authorization"].to_str().unwrap().parse().unwrap();
        let name = line.headers[which.index(line.headers.len())].clone();
        let name = HeaderName::from_bytes(&decoded_name(&name)).unwrap();
        let value = signed.headers.get(&name).map_or(&b"h"[..], HeaderValue::as_bytes);
        let longer = HeaderValue::from_bytes(&[value, b"x"].concat()).unwrap();
        let mut other = signed.clone();
        other.headers.insert(name.clone(), longer.clone());
        prop_assert!(matches!(verify(&other, lookup, START), Err(VerifyError::Mismatch(_))));
        if name != "host" {
            let mut twice = signed.clone();
            twice.headers.append(name.clone(), longer);
            prop_assert!(matches!(verify(&twice, lookup, START), Err(VerifyError::Mismatch(_))));
            let mut without = signed;
            without.headers.remove(&name);
            prop_assert!(matches!(verify(&without, lookup, START), Err(VerifyError::HeaderMissing(_))));
        }
    }

    #[test]
    fn any_other_byte_of_the_authorization_fails(
        head in request(), at in any::<prop::sample::Index>(), byte in 32..127u8, kind in 0..3u8,
    ) {
        let Some(mut changed) = head.as_ref().and_then(|head| signed(head, &Signer::new())) else {
            return Ok(());
        };
        let line = changed.headers["authorization"].to_str().unwrap().to_owned();
        let mut bytes = line.clone().into_bytes();
        let at = at.index(bytes.len());
        match kind {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            _ => { bytes.remove(at); }
        }
        let Ok(value) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
        let read = |text: &[u8]| -> Option<Authorization> {
            let mut read: Authorization = std::str::from_utf8(text).ok()?.trim().parse().ok()?;
            for list in [&mut read.headers, &mut read.params] {
                // The lists name a set, in any case and with any name escaped.
                *list = list.iter().map(|n| {
                    format!("{:?}", decoded_name(n))
                }).collect::<BTreeSet<_>>().into_iter().collect();
            }
            Some(read)
        };
        changed.headers.insert("authorization", value);
        let same = read(&bytes) == read(line.as_bytes());
        prop_assert_eq!(verify(&changed, lookup, START).is_ok(), same, "{:?}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn another_key_or_another_time_fails(head in request(), key in "[ -~]{0,80}") {
        let Some(signed) = head.as_ref().and_then(|head| signed(head, &Signer::new())) else {
            return Ok(());
        };
        let other = |_: &str| Some(Credentials::new("AKIDEXAMPLE", key.clone()));
        prop_assert_eq!(verify(&signed, other, START).is_ok(), key == "SECRETEXAMPLE");
        prop_assert!(verify(&signed, lookup, END).is_ok());
        let early = verify(&signed, lookup, START - 1);
        let not_yet = matches!(early, Err(VerifyError::NotYetValid { .. }));
        prop_assert!(not_yet);
        let late = verify(&signed, lookup, END + 1);
        let expired = matches!(late, Err(VerifyError::Expired { .. }));
        prop_assert!(expired);
    }

    #[test]
    fn a_key_of_any_text_has_a_path_that_is_signed_as_that_text(key in any::<String>()) {
        let uri: Uri = format!("http://h/{}", encode_path(&key)).parse().unwrap();
        let head = http::Request::get(uri).body(()).unwrap().into_parts().0;
        let steps = cos_sign::explain(&head, &credentials(), window()).unwrap();
        let start = format!("get\n/{key}\n\nhost=h&");
        prop_assert!(steps.http_string.starts_with(&start));
    }

    #[test]
    fn signing_twice_changes_nothing(head in request()) {
        let Some(once) = head.as_ref().and_then(|head| signed(head, &Signer::new())) else {
            return Ok(());
        };
        let mut twice = once.clone();
        sign(&once, &credentials(), window()).unwrap().apply(&mut twice.headers);
        prop_assert_eq!(once.headers, twice.headers);
    }
}
