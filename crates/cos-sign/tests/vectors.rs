//! Recorded signatures of other implementations: every one is made again, or refused for a stated reason.
//!
//! Where the data comes from: `tests/vectors/README.md`.

use cos_sign::{
    Authorization, Case, Credentials, Explanation, Place, Plus, SignError, SignedHeaders, Signer,
    SigningKey, Validity, verify,
};
use http::Request;
use http::request::Parts;
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/cos-signature.json")).unwrap()
}

fn group(name: &str) -> Vec<Value> {
    vectors()[name].as_array().unwrap().clone()
}

fn window(value: &Value) -> Validity {
    Validity::new(value[0].as_u64().unwrap(), value[1].as_u64().unwrap()).unwrap()
}

fn credentials(input: &Value) -> Credentials {
    let text = |key: &str| input[key].as_str().unwrap().to_owned();
    let credentials = Credentials::new(text("secret_id"), text("secret_key"));
    match input["token"].as_str() {
        Some(token) => credentials.with_token(token),
        None => credentials,
    }
}

fn headers(input: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let lines = input["headers"].as_array().unwrap().iter();
    lines.map(|line| (text(&line[0]), text(&line[1]))).collect()
}

/// The names that a vector signs, where it does not sign by default.
fn exact(input: &Value) -> Option<Vec<String>> {
    if input["sign_host"] == false {
        return Some(Vec::new());
    }
    // The documented examples that sign `date` too sign every header they have.
    let all = || headers(input).into_iter().map(|(name, _)| name).collect();
    input["extra_sign_headers"].is_array().then(all)
}

fn case(input: &Value) -> Case {
    let text = |key: &str| input[key].as_str().unwrap();
    let mut case = Case::new(text("method"), text("url"), window(&input["sign_time"]));
    case.key_time = Some(window(&input["key_time"]));
    case.headers = headers(input);
    case.signed_headers = exact(input);
    case
}

fn head(input: &Value) -> Parts {
    let mut request = Request::builder()
        .method(input["method"].as_str().unwrap())
        .uri(input["url"].as_str().unwrap());
    for (name, value) in headers(input) {
        request = request.header(name, value.as_bytes());
    }
    request.body(()).unwrap().into_parts().0
}

/// Asserts the intermediate strings first, so that a failure shows the first wrong step.
#[track_caller]
fn assert_steps(id: &str, steps: &Explanation, recommended: &Value) {
    assert_eq!(recommended["http_string"], steps.http_string, "{id}");
    assert_eq!(recommended["string_to_sign"], steps.string_to_sign, "{id}");
}

#[test]
fn every_recommended_header_signature_is_made_with_its_intermediate_strings() {
    let (mut made, mut refused) = (0, Vec::new());
    for vector in group("header").into_iter().chain(group("documented")) {
        let (id, input) = (vector["id"].as_str().unwrap(), &vector["input"]);
        let recommended = &vector["recommended"];
        let result = case(input).explain(&credentials(input));
        if recommended["from"].is_null() {
            refused.push((id.to_owned(), result.unwrap_err()));
            continue;
        }
        let steps = result.unwrap();
        assert_steps(id, &steps, recommended);
        assert_eq!(
            recommended["authorization"],
            steps.authorization.clone().unwrap(),
            "{id}"
        );
        if let Some(published) = vector["published_authorization"].as_str() {
            assert_eq!(steps.authorization.as_deref(), Some(published), "{id}");
        }
        let added = &steps.headers[1..];
        let expected = recommended["adds_headers"].as_array();
        let expected = expected.into_iter().flatten();
        let expected: Vec<_> = expected
            .map(|h| (h[0].as_str().unwrap().into(), h[1].as_str().unwrap().into()))
            .collect();
        assert_eq!(added, expected, "{id}");

        let key = SigningKey::new(&credentials(input), window(&input["sign_time"]));
        assert_eq!(recommended["sign_key"], key.expose(), "{id}");
        let signed = signer(input, Signer::new())
            .sign_with_key(&head(input), &key)
            .unwrap();
        assert_eq!(
            recommended["authorization"],
            signed.authorization.to_str().unwrap(),
            "{id}"
        );
        made += 1;
    }
    assert_eq!((made, refused.len()), (47, 4));
    for (id, error) in refused {
        let right = match id.as_str() {
            "query-sort-punctuation" | "query-duplicate-keys" => {
                matches!(error, SignError::RepeatedParam(_))
            }
            "headers-multi-value" => matches!(error, SignError::RepeatedHeader(_)),
            "times-sign-differs-from-key" => matches!(error, SignError::WindowsDiffer { .. }),
            _ => false,
        };
        assert!(right, "{id}: {error}");
    }
}

fn signer(input: &Value, signer: Signer) -> Signer {
    match exact(input) {
        Some(names) => signer.headers(SignedHeaders::Exactly(names)),
        None => signer,
    }
}

#[test]
fn every_recommended_signature_verifies() {
    let mut verified = 0;
    for name in ["header", "documented"] {
        for vector in group(name) {
            let (id, input) = (vector["id"].as_str().unwrap(), &vector["input"]);
            let Some(authorization) = vector["recommended"]["authorization"].as_str() else {
                continue;
            };
            let mut head = head(input);
            for (name, value) in case(input).explain(&credentials(input)).unwrap().headers {
                let name = http::HeaderName::try_from(name).unwrap();
                head.headers.insert(name, value.try_into().unwrap());
            }
            head.headers
                .insert("authorization", authorization.parse().unwrap());
            let found = verify(
                &head,
                |_| Some(credentials(input)),
                window(&input["key_time"]).start(),
            );
            let found = found.unwrap_or_else(|e| panic!("{id}: {e}"));
            assert_eq!(found.authorization.to_string(), authorization);
            assert_eq!(found.token.is_some(), input["token"].is_string(), "{id}");
            verified += 1;
        }
    }
    assert_eq!(verified, 47);
}

fn decoded_pairs(url: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let bytes: Vec<u8> = {
            let mut out = Vec::new();
            let mut rest = text.as_bytes();
            while let Some((&first, tail)) = rest.split_first() {
                if first == b'%' {
                    let hex = std::str::from_utf8(&tail[..2]).unwrap();
                    out.push(u8::from_str_radix(hex, 16).unwrap());
                    rest = &tail[2..];
                } else {
                    out.push(first);
                    rest = tail;
                }
            }
            out
        };
        String::from_utf8(bytes).unwrap()
    };
    let query = url.split_once('?').unwrap().1;
    let mut pairs: Vec<_> = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    pairs.sort();
    pairs
}

#[test]
fn every_recommended_url_is_made_and_verifies() {
    let mut made = 0;
    for vector in group("presign") {
        let (id, input) = (vector["id"].as_str().unwrap(), &vector["input"]);
        let recommended = &vector["recommended"];
        let mut case = case(input);
        case.presign = true;
        let steps = case.explain(&credentials(input)).unwrap();
        assert_steps(id, &steps, recommended);
        assert_eq!(recommended["signature"], steps.signature, "{id}");
        let expected = recommended["query_pairs_decoded"]
            .as_array()
            .unwrap()
            .iter();
        let expected: Vec<_> = expected
            .map(|p| (p[0].as_str().unwrap().into(), p[1].as_str().unwrap().into()))
            .collect();
        assert_eq!(
            decoded_pairs(steps.url.as_deref().unwrap()),
            expected,
            "{id}"
        );
        assert!(steps.headers.is_empty() && steps.authorization.is_none());

        let window = window(&input["sign_time"]);
        let presigned = signer(input, Signer::new())
            .presign(&head(input), &credentials(input), window)
            .unwrap();
        assert_eq!(presigned.uri.to_string(), steps.url.unwrap(), "{id}");
        assert_eq!(presigned.expires_at, window.end());

        let mut received = head(input);
        received.uri = presigned.uri;
        let found = verify(&received, |_| Some(credentials(input)), window.end()).unwrap();
        assert_eq!(found.place, Place::Query);
        made += 1;
    }
    assert_eq!(made, 8);
}

#[test]
fn every_url_that_another_signer_made_verifies() {
    let (mut verified, mut refused) = ([0, 0], Vec::new());
    for vector in group("presign") {
        let (id, input) = (vector["id"].as_str().unwrap(), &vector["input"]);
        let now = window(&input["sign_time"]).end();
        for (peer, output) in vector["outputs"].as_object().unwrap() {
            for (i, form) in ["url", "url_sign_merged"].iter().enumerate() {
                let Some(url) = output[*form].as_str() else {
                    continue;
                };
                let mut received = head(input);
                received.uri = url.parse().unwrap();
                match verify(&received, |_| Some(credentials(input)), now) {
                    Ok(found) => {
                        assert_eq!(found.place, [Place::Query, Place::SignParam][i]);
                        verified[i] += 1;
                    }
                    Err(error) => refused.push(format!("{id} {peer}: {error}")),
                }
            }
        }
    }
    // The one signer that writes the escapes of names in upper case, against 436/7778.
    assert_eq!(
        refused,
        ["presign-get-imagemogr2 reqsign: the signature does not match the request"]
    );
    assert_eq!(verified, [39, 8]);
}

/// Whether an SDK differs from its named choice for another reason than the choice of headers.
fn differs(peer: &str, id: &str) -> bool {
    match id {
        // Go signs an empty line.
        "path-absent-in-url" => peer == "go",
        // Node sorts the list and the string differently.
        "query-sort-encoded-keys" => peer == "node",
        // Only Java trims; here every choice does, because HTTP carries no blanks around a value.
        "headers-surrounding-space" => peer != "java",
        // Only Go reads a URL; the others were given the pair with a plus in it.
        "query-plus-raw-on-wire" => peer != "go",
        // Go and Java were told to sign `date`, the others cannot be.
        "doc-request-signature-upload" | "doc-request-signature-download" => {
            matches!(peer, "python" | "node")
        }
        _ => false,
    }
}

#[test]
fn the_named_choices_make_what_their_sdks_made() {
    let signers = [
        ("go", Signer::go()),
        ("java", Signer::java()),
        ("python", Signer::python()),
        ("node", Signer::node()),
    ];
    let mut same = 0;
    for (peer, named) in signers {
        for vector in group("header").into_iter().chain(group("documented")) {
            let (id, input) = (vector["id"].as_str().unwrap(), &vector["input"]);
            let theirs = vector["outputs"][peer]["authorization"].as_str();
            let Some(theirs) = theirs.filter(|_| !vector["recommended"]["from"].is_null()) else {
                continue;
            };
            let ours = signer(input, named.clone())
                .sign(
                    &head(input),
                    &credentials(input),
                    window(&input["sign_time"]),
                )
                .unwrap();
            let equal = ours.authorization.to_str().unwrap() == theirs;
            assert_eq!(equal, !differs(peer, id), "{peer} {id}");
            same += usize::from(equal);
        }
    }
    assert_eq!(same, 172);
}

#[test]
fn requests_of_complete_sdk_clients_verify() {
    let mut verified = 0;
    for capture in group("wire_captures") {
        let Some(target) = capture["target"].as_str() else {
            continue;
        };
        let id = capture["id"].as_str().unwrap();
        let mut request = Request::builder()
            .method(capture["method"].as_str().unwrap())
            .uri(target);
        for (name, value) in headers(&capture) {
            request = request.header(name, value);
        }
        let head = request.body(()).unwrap().into_parts().0;
        let line = head.headers["authorization"].to_str().unwrap();
        let now = line.parse::<Authorization>().unwrap().validity.start();
        let found = verify(&head, |_| Some(credentials(&capture)), now)
            .unwrap_or_else(|e| panic!("{id}: {e}"));
        let matches = &capture["signature_matches_when"];
        assert_eq!(matches["plus_is_space"], found.plus == Plus::Space, "{id}");
        assert_eq!(found.token.is_some(), id.contains("token"), "{id}");

        // With the plus spelled out the other reading cannot match.
        if target.contains('+') {
            let mut literal = head.clone();
            literal.uri = target.replace('+', "%2B").parse().unwrap();
            let found = verify(&literal, |_| Some(credentials(&capture)), now);
            assert_eq!(matches["plus_is_literal"], found.is_ok(), "{id}");
        }
        verified += 1;
    }
    assert_eq!(verified, 10);
}
