//! What holds for any bytes: shared by the fuzz targets and by the replay that runs with the tests.

use cos_sign::{Authorization, Case, Credentials, SignError, Validity};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Uri};

const START: u64 = 1_700_000_000;
const END: u64 = 1_700_003_600;

fn credentials() -> Credentials {
    Credentials::new(
        "AKIDFAKEFAKEFAKEFAKEFAKEFAKE00000001",
        "FakeSecretKeyForTestVectors00001",
    )
}

/// What reads as a signature is written back so that it reads as the same.
pub(crate) fn authorization(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(read) = text.parse::<Authorization>() {
        let written = read.to_string();
        assert_eq!(written.parse(), Ok(read), "{text} as {written}");
    }
}

/// Verifying any request ends without a panic, and accepts it once it is signed or presigned.
pub(crate) fn verify(data: &[u8]) {
    let Some(head) = request(data) else {
        return;
    };
    let _ = cos_sign::verify(&head, |_| Some(credentials()), START);

    let window = Validity::starting_at(START, std::time::Duration::from_secs(END - START));
    let mut signed = head.clone();
    signed.headers.remove("authorization");
    match cos_sign::sign(&signed, &credentials(), window) {
        Ok(add) => {
            add.apply(&mut signed.headers);
            cos_sign::verify(&signed, |_| Some(credentials()), END).unwrap();
        }
        Err(
            SignError::NoHost
            | SignError::RepeatedHeader(_)
            | SignError::RepeatedParam(_)
            | SignError::PathNotUtf8(_),
        ) => {}
        Err(other) => panic!("{other}"),
    }
    let mut opened = head;
    opened.headers.remove("authorization");
    if let Ok(presigned) = cos_sign::presign(&opened, &credentials(), window) {
        opened.uri = presigned.uri;
        cos_sign::verify(&opened, |_| Some(credentials()), END).unwrap();
    }
}

/// A described request is signed as the same request in `http` types is, wherever it can be one.
pub(crate) fn case(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut lines = text.split('\n');
    let (method, url) = (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    );
    let window = Validity::starting_at(START, std::time::Duration::from_secs(END - START));
    let mut case = Case::new(method, url, window);
    for line in lines {
        if let Some((name, value)) = line.split_once(':') {
            case.headers.push((name.to_owned(), value.to_owned()));
        }
    }
    let Ok(steps) = case.explain(&credentials()) else {
        return;
    };
    assert!(steps.http_string.ends_with('\n') && steps.string_to_sign.ends_with('\n'));
    let (Ok(uri), Ok(method)) = (url.parse::<Uri>(), Method::from_bytes(method.as_bytes())) else {
        return;
    };
    let mut head = http::Request::new(()).into_parts().0;
    head.uri = uri;
    head.method = method;
    for (name, value) in &case.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        head.headers
            .insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let same = cos_sign::explain(&head, &credentials(), window).unwrap();
    assert_eq!(steps.http_string, same.http_string);
    assert_eq!(steps.signature, same.signature);
}

/// A request as a plain text: method, target and header lines, each on a line.
fn request(data: &[u8]) -> Option<Parts> {
    let mut lines = data.split(|&byte| byte == b'\n');
    let mut head = http::Request::new(()).into_parts().0;
    head.method = Method::from_bytes(lines.next()?).ok()?;
    head.uri = Uri::try_from(lines.next()?.to_vec()).ok()?;
    for line in lines {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let (name, value) = line.split_at(colon);
        let name = HeaderName::from_bytes(name).ok()?;
        head.headers
            .append(name, HeaderValue::from_bytes(value.get(1..)?).ok()?);
    }
    Some(head)
}
