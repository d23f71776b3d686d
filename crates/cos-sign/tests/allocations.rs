//! Signing allocates what it returns and nothing else, counted by an allocator of this test alone.

use std::alloc::System;
use std::hint::black_box;

use cos_sign::{Credentials, Signer, SigningKey, Validity};
use http::request::Parts;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often `work` asks for memory.
fn allocations<T>(work: impl FnOnce() -> T) -> usize {
    let region = Region::new(ALLOCATOR);
    let made = black_box(work());
    let change = region.change();
    drop(made);
    change.allocations + change.reallocations
}

fn post_jobs() -> Parts {
    let request = http::Request::post("https://demo-1250000000.ci.ap-chongqing.myqcloud.com/jobs")
        .header("content-type", "application/xml")
        .header("content-length", "434")
        .header("content-md5", "mQ/fVh815F3k6TAUm8m0eg==")
        .header("accept", "*/*")
        .header("user-agent", "example/1.0")
        .header("x-ci-trace", "t-1");
    request.body(()).unwrap().into_parts().0
}

fn get_list() -> Parts {
    let uri = "https://demo-1250000000.cos.ap-chongqing.myqcloud.com/%E6%96%87/a%20b\
        ?prefix=a%2Fb+c&marker=&max-keys=10&X%3A=%E5%90%8D&uploads";
    http::Request::get(uri).body(()).unwrap().into_parts().0
}

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE")
}

fn window() -> Validity {
    Validity::new(1_750_000_000, 1_750_003_600).unwrap()
}

// One test: the count is that of the whole process, so nothing else may run beside it.
#[test]
fn a_signature_costs_the_allocations_of_the_headers_it_returns() {
    assert_eq!(allocations(|| vec![1u8; 10]), 1, "the counter counts");
    assert_eq!(allocations(|| 1), 0);

    let signer = Signer::new();
    let temporary = credentials().with_token("TOKEN/+==");
    let key = SigningKey::new(&credentials(), window());
    for head in [post_jobs(), get_list()] {
        let permanent = credentials();
        let count = allocations(|| signer.sign(&head, &permanent, window()).unwrap());
        assert_eq!(count, 1, "the Authorization header of {}", head.uri);
        let count = allocations(|| signer.sign(&head, &temporary, window()).unwrap());
        assert_eq!(count, 2, "and that of the token");
        let count = allocations(|| signer.sign_with_key(&head, &key).unwrap());
        assert_eq!(count, 1, "with a key made before");
    }
}
