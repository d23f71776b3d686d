//! The signer beside an HTTP library that is not ours: the example of it, run and checked.

use cos_sign::{Diagnosis, Part};

#[path = "../examples/sign_with_ureq.rs"]
#[expect(dead_code, reason = "its `main` prints what is checked here")]
mod sign_with_ureq;

#[test]
fn ureq_gets_an_object_with_a_signature_and_a_wrong_key_is_diagnosed() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (engine, origin) = runtime
        .block_on(sign_with_ureq::serve())
        .expect("an engine");
    let found = sign_with_ureq::put_and_get(&origin).expect("answers");
    runtime.block_on(engine.shutdown());

    assert_eq!(found.object, sign_with_ureq::OBJECT);
    let (status, error) = found.refusal;
    assert_eq!(status, 403);
    assert_eq!(error.code.as_deref(), Some("SignatureDoesNotMatch"));
    // Both strings are echoed, so that "the key differs" is found and not guessed.
    assert!(error.format_string.is_some() && error.string_to_sign.is_some());
    assert_eq!(found.wrong_key, Diagnosis::Key);
    let Diagnosis::Request(difference) = found.changed_header else {
        panic!("{:?}", found.changed_header);
    };
    assert_eq!(
        (difference.part, difference.name.as_deref()),
        (Part::Headers, Some("range"))
    );
    assert_eq!(difference.theirs.as_deref(), Some("range=bytes%3D0-9"));
}
