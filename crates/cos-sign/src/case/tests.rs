//! What a described request may look like, and what is refused.

use super::*;

const HOST: &str = "b-1250000000.cos.ap-chongqing.myqcloud.com";

fn case(rest: &str) -> Case {
    let window = Validity::new(100, 200).unwrap();
    Case::new("GET", format!("https://{HOST}{rest}"), window)
}

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE")
}

#[track_caller]
fn steps(case: &Case) -> Explanation {
    case.explain(&credentials()).unwrap()
}

#[track_caller]
fn refused(case: &Case) -> String {
    case.explain(&credentials()).unwrap_err().to_string()
}

#[test]
fn the_url_is_signed_as_it_is_given() {
    for (rest, path, params) in [
        ("", "/", ""),
        ("?uploads", "/", "uploads="),
        ("/a//b/../c/.?x=/..", "/a//b/../c/.", "x=%2F.."),
        ("/a%2Fb%2e%2E", "/a/b..", ""),
        ("/文 档/é?名=值", "/文 档/é", "%e5%90%8d=%E5%80%BC"),
        ("/a+b?p=a+b&q=a%2Bb", "/a+b", "p=a%20b&q=a%2Bb"),
        ("/a?x?y=1#frag?z", "/a", "x%3fy=1"),
        ("/a\\b|c?{d}", "/a\\b|c", "%7bd%7d="),
        ("/100%?x=100%", "/100%", "x=100%25"),
    ] {
        let expected = format!("get\n{path}\n{params}\nhost={HOST}\n");
        assert_eq!(steps(&case(rest)).http_string, expected, "{rest}");
    }
}

#[test]
fn what_signers_disagree_on_is_refused() {
    let mut other_key = case("/");
    other_key.key_time = Validity::new(100, 201).ok();
    assert!(refused(&other_key).contains("100;201"));
    other_key.key_time = Some(other_key.sign_time);
    steps(&other_key);

    assert!(refused(&case("/?k=b&k=a")).contains("`k`"));
    assert!(refused(&case("/?aB=1&ab=2")).contains("without case"));
    assert!(refused(&case("/%ff")).contains("UTF-8"));

    let mut unsigned = case("/?k=b&k=a&j");
    unsigned.signed_params = Some(vec!["j".into()]);
    assert!(refused(&unsigned).contains("`k`"));

    let mut twice = case("/");
    twice.headers = vec![("Accept".into(), "a".into()), ("accept".into(), "b".into())];
    assert!(refused(&twice).contains("`accept`"));
}

#[test]
fn lists_name_exactly_what_is_signed_decoded_and_without_case() {
    let mut case = case("/?a%2Fb=1&C=2&d=3");
    case.headers = vec![("Date".into(), "now".into()), ("Range".into(), "x".into())];
    case.signed_headers = Some(vec!["DATE".into()]);
    case.signed_params = Some(vec!["A/B".into(), "c".into()]);
    let found = steps(&case);
    assert_eq!(found.header_list, "date");
    assert_eq!(found.url_param_list, "a%2fb;c");
    case.signed_params = Some(vec!["a%2fB".into(), "c".into()]);
    assert_eq!(steps(&case), found);
    case.signed_params = Some(vec!["e".into()]);
    assert!(refused(&case).contains("`e`"));
    case.signed_params = Some(vec![]);
    case.signed_headers = Some(vec![]);
    assert_eq!(steps(&case).http_string, "get\n/\n\n\n");
    case.signed_headers = Some(vec!["expect".into()]);
    assert!(refused(&case).contains("`expect`"));
}

#[test]
fn the_host_comes_from_the_url_unless_a_line_says_it() {
    let window = Validity::new(100, 200).unwrap();
    for (url, host) in [
        ("https://h:443/", "h"),
        ("http://h:443/", "h%3A443"),
        ("HTTP://u:p@h:80", "h"),
        ("http://127.0.0.1:9000?x", "127.0.0.1%3A9000"),
    ] {
        let found = steps(&Case::new("GET", url, window)).http_string;
        assert!(found.ends_with(&format!("host={host}\n")), "{found}");
    }
    let mut case = Case::new("GET", "http://127.0.0.1:9000/", window);
    case.headers.push(("HOST".into(), HOST.into()));
    assert!(
        steps(&case)
            .http_string
            .ends_with(&format!("\nhost={HOST}\n"))
    );
}

#[test]
fn what_cannot_be_a_request_is_refused() {
    let window = Validity::new(100, 200).unwrap();
    for url in [
        "",
        "/a",
        "ftp://h/",
        "https://",
        "https:///a",
        "http://h/\n",
        "http://a b/",
    ] {
        assert!(
            refused(&Case::new("GET", url, window)).contains("url"),
            "{url}"
        );
    }
    assert!(refused(&Case::new("G T", "http://h", window)).contains("method"));
    let mut bad = case("/");
    bad.headers = vec![("a b".into(), "x".into())];
    assert!(refused(&bad).contains("`a b`"));
    bad.headers = vec![("x-cos-meta".into(), "a\r\nb: c".into())];
    assert!(refused(&bad).contains("`x-cos-meta`"));
}

#[test]
fn a_presigned_case_gives_a_url_and_no_header() {
    let mut case = case("/a b#frag");
    case.presign = true;
    let found = case.explain(&credentials().with_token("t/+")).unwrap();
    assert_eq!((found.authorization, found.headers.len()), (None, 0));
    let url = found.url.unwrap();
    let start = format!("https://{HOST}/a%20b?x-cos-security-token=t%2F%2B&q-sign-algorithm=sha1&");
    assert!(url.starts_with(&start), "{url}");
}

#[test]
fn a_token_that_is_among_the_headers_is_not_added_again() {
    let mut case = case("/");
    let with_token = credentials().with_token("t");
    let added = case.explain(&with_token).unwrap();
    assert_eq!(added.headers.len(), 2);
    case.headers
        .push(("x-cos-security-token".into(), "t".into()));
    let there = case.explain(&with_token).unwrap();
    assert_eq!(there.authorization, added.authorization);
    assert_eq!(there.headers.len(), 1);
    case.headers = vec![("x-cos-security-token".into(), "other".into())];
    assert!(case.explain(&with_token).is_err());
}
