//! Worked examples of the signature: those of 436/7778 and the Go SDK's own, and nine of CI requests
//! that were computed apart and agree with the code of the official SDKs.

use cos_sign::{Case, Credentials, Explanation, SignedHeaders, Signer, Validity, verify};

const HOST: &str = "examplebucket-1250000000.ci.ap-chongqing.myqcloud.com";

struct Example {
    name: &'static str,
    method: &'static str,
    target: &'static str,
    headers: &'static [(&'static str, &'static str)],
    hash: &'static str,
    signature: &'static str,
}

const fn example(
    name: &'static str,
    method: &'static str,
    target: &'static str,
    headers: &'static [(&'static str, &'static str)],
    hash: &'static str,
    signature: &'static str,
) -> Example {
    Example {
        name,
        method,
        target,
        headers,
        hash,
        signature,
    }
}

const LIST: &str = "/jobs?tag=SmartCover&orderByTime=Desc&states=Success,Failed&size=10&nextToken=\
    &startCreationTime=2022-06-27T00%3A00%3A00%2B0800&queueId=p1";

#[rustfmt::skip]
const EXAMPLES: [Example; 8] = [
    example("C1", "POST", "/jobs", &[("content-type", "application/xml")],
        "791331c576cbc248903810d1f2deaa90780c5431", "0bb26b17c1bae034d87f36ac3444da01c354cb50"),
    example("C2", "POST", "/jobs", &[("content-type", "application/xml"), ("content-length", "166"),
        ("content-md5", "mQ/fVh815F3k6TAUm8m0eg=="), ("x-cos-security-token", "TOKEN/+==")],
        "d690725c46a2feee94fffb7ec006ad68c2639728", "97ee38746ba8094b87fb0612cdb992cb57f03922"),
    example("C3", "PUT", "/jobs/j8d121820f5e411ec926ef19d53ba9c6f?cancel", &[],
        "db75560d89a29070faef50be39779ed208ef1d34", "b86e1acabeab03d1aae92cc7f15028e9c3855ea4"),
    example("C4", "GET", "/jobs/j1,j2", &[],
        "881068d37de3f616187515b70fd4279c62232125", "651c8fd0c534aa76399d3050e2eb9e473ea6f07b"),
    example("C4 encoded", "GET", "/jobs/j1%2Cj2", &[],
        "881068d37de3f616187515b70fd4279c62232125", "651c8fd0c534aa76399d3050e2eb9e473ea6f07b"),
    example("C5", "GET", LIST, &[],
        "4664cce34c09cb5d89d613b1440c67c5858d76dd", "1aa6fd0b7bdc7a135a8417af93d0fa2a327d2548"),
    example("C8", "GET", "/template?tag=SmartCover", &[("x-ci-security-token", "TOKEN/+==")],
        "a572e99497a422b7f399a21f4abc62e9b4001330", "a42c68209a708075648faa528af02d6f24232e13"),
    example("C9", "GET", "/mediabucket?pageNumber=1&pageSize=10&regions=ap-chongqing,ap-beijing",
        &[("host", "ci.ap-chongqing.myqcloud.com")],
        "82a1f980a9c7f148f41698f4e277d37557d7c9a3", "aa832ac0cafa425c325b2f21419fa7ca6cb18ba8"),
];

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE")
}

fn window() -> Validity {
    Validity::new(1_750_000_000, 1_750_003_600).unwrap()
}

#[track_caller]
fn assert_steps(name: &str, steps: &Explanation, hash: &str, signature: &str) {
    assert_eq!(
        steps.string_to_sign.lines().nth(2),
        Some(hash),
        "{name}: {}",
        steps.http_string
    );
    assert_eq!(steps.signature, signature, "{name}");
}

#[test]
fn every_ci_request_has_its_hash_and_signature() {
    for example in EXAMPLES {
        let url = format!("https://{HOST}{}", example.target);
        let mut case = Case::new(example.method, &*url, window());
        let mut request = http::Request::builder().method(example.method).uri(url);
        for (name, value) in example.headers {
            case.headers.push(((*name).into(), (*value).into()));
            request = request.header(*name, *value);
        }
        let steps = case.explain(&credentials()).unwrap();
        assert_steps(example.name, &steps, example.hash, example.signature);

        let mut head = request.body(()).unwrap().into_parts().0;
        cos_sign::sign(&head, &credentials(), window())
            .unwrap()
            .apply(&mut head.headers);
        let verified = verify(&head, |_| Some(credentials()), window().start()).unwrap();
        assert_eq!(verified.authorization.signature, example.signature);
    }
}

#[test]
fn nothing_but_the_method_and_the_path_can_be_signed() {
    // C3b, as the Python SDK signs a cancel, and C7, as the samples of the CI pages do.
    let url = format!("https://{HOST}/jobs/j8d121820f5e411ec926ef19d53ba9c6f?cancel");
    let mut case = Case::new("PUT", url, window());
    case.signed_params = Some(Vec::new());
    let steps = case.explain(&credentials()).unwrap();
    let hash = "6ac48b26f9138dd8becfac6ebcc332d1adbe1598";
    assert_steps(
        "C3b",
        &steps,
        hash,
        "0ff643f853c54d305c17556f7bfe1944df3232aa",
    );

    let mut case = Case::new("POST", format!("https://{HOST}/jobs"), window());
    case.signed_headers = Some(Vec::new());
    let steps = case.explain(&credentials()).unwrap();
    let hash = "df523eeef4241576d4a58dcf07c36007cd8ac058";
    assert_steps(
        "C7",
        &steps,
        hash,
        "d8cd79044c9c749c847df2a029456998d5330037",
    );
}

#[test]
fn a_presigned_put_without_headers_is_that_of_the_go_sdk() {
    // G2 and G3, from the tests of the Go SDK; the asterisks are part of the credentials.
    let credentials =
        Credentials::new("QmFzZTY0IGlzIGEgZ*******", "ZfbOA78asKUYBcXFrJD0a1I*******");
    let window = Validity::new(1_622_702_557, 1_622_706_157).unwrap();
    let bare = Signer::new().headers(SignedHeaders::Exactly(Vec::new()));
    for (url, signature) in [
        (
            "https://h/test.jpg",
            "820975b5a8eccce9455b94d4ebed14d66654bf3c",
        ),
        (
            "https://h/test.jpg?test=params",
            "7757e84ed5f8953eafc30afcd2a5d1ad68e00d67",
        ),
    ] {
        let head = http::Request::put(url).body(()).unwrap().into_parts().0;
        let presigned = bare.presign(&head, &credentials, window).unwrap();
        assert!(presigned.uri.query().unwrap().ends_with(signature), "{url}");
        assert!(presigned.headers.is_empty());
    }
}
