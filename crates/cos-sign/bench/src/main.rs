//! How long a signature takes: beside the bare cryptographic work, and beside reqsign-tencent-cos.
//!
//! Every row is measured in turns with the others, so that a change of the machine's speed meets all of them;
//! the figure is the median of the turns. Ratios within one run mean something, nanoseconds between machines do not.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cos_sign::{Credentials, Signer, SigningKey, Validity};
use hmac::{Hmac, KeyInit, Mac};
use http::request::Parts;
use reqsign_core::SignRequest;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

const ID: &str = "AKIDFAKEFAKEFAKEFAKEFAKEFAKE00000001";
const KEY: &str = "FakeSecretKeyForTestVectors00001";
const TURNS: usize = 301;
const CALLS: u32 = 400;

/// `POST /jobs` with six headers, all of them signed by both signers.
fn post_jobs() -> Parts {
    http::Request::post("https://examplebucket-1250000000.ci.ap-chongqing.myqcloud.com/jobs")
        .header("host", "examplebucket-1250000000.ci.ap-chongqing.myqcloud.com")
        .header("content-type", "application/xml")
        .header("content-length", "434")
        .header("content-md5", "mQ/fVh815F3k6TAUm8m0eg==")
        .header("x-ci-trace", "t-1")
        .header("x-cos-meta-owner", "alice")
        .body(())
        .unwrap()
        .into_parts()
        .0
}

fn hex(bytes: &[u8], out: &mut [u8; 40]) {
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
}

fn sign_key(window: &[u8]) -> Hmac<Sha1> {
    let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(black_box(KEY).as_bytes()).unwrap();
    mac.update(window);
    let mut text = Zeroizing::new([0; 40]);
    hex(&mac.finalize().into_bytes(), &mut text);
    <Hmac<Sha1> as KeyInit>::new_from_slice(text.as_slice()).unwrap()
}

/// The hashing that no signer can leave out, over strings that are there already.
fn bare(mut key: Hmac<Sha1>, http_string: &[u8], string_to_sign: &mut [u8]) -> [u8; 40] {
    let mut text = [0; 40];
    hex(&Sha1::digest(black_box(http_string)), &mut text);
    let at = string_to_sign.len() - 41;
    string_to_sign[at..at + 40].copy_from_slice(&text);
    key.update(string_to_sign);
    hex(&key.finalize().into_bytes(), &mut text);
    text
}

fn main() {
    let head = post_jobs();
    let credentials = Credentials::new(ID, KEY);
    let validity = Validity::starting_at(1_700_000_000, Duration::from_secs(3600));
    let signer = Signer::new();
    let key = SigningKey::new(&credentials, validity);
    let steps = signer.explain(&head, &credentials, validity).unwrap();
    let (http_string, window) = (steps.http_string.into_bytes(), validity.to_string());
    let mut string_to_sign = steps.string_to_sign.into_bytes();
    let cached = sign_key(window.as_bytes());
    // The bare work is the same work: it ends in the same signature.
    let made = bare(sign_key(window.as_bytes()), &http_string, &mut string_to_sign);
    assert_eq!(made.as_slice(), steps.signature.as_bytes());

    let context = reqsign_core::Context::new();
    let theirs = reqsign_tencent_cos::RequestSigner::new();
    let credential = reqsign_tencent_cos::Credential {
        secret_id: ID.into(),
        secret_key: KEY.into(),
        security_token: None,
        expires_in: None,
    };

    let mut text = string_to_sign.clone();
    let mut rows: Vec<(&str, Box<dyn FnMut()>)> = vec![
        ("bare HMAC and SHA-1", {
            let (http_string, window) = (http_string.clone(), window.clone());
            Box::new(move || {
                black_box(bare(sign_key(black_box(&window).as_bytes()), &http_string, &mut string_to_sign));
            })
        }),
        ("cos-sign", Box::new(|| {
            let _ = black_box(signer.sign(black_box(&head), black_box(&credentials), validity).unwrap());
        })),
        ("bare, key of the window at hand", Box::new(|| {
            black_box(bare(cached.clone(), &http_string, &mut text));
        })),
        ("cos-sign, key of the window at hand", Box::new(|| {
            let _ = black_box(signer.sign_with_key(black_box(&head), black_box(&key)).unwrap());
        })),
        ("copy of the head", Box::new(|| {
            black_box(black_box(&head).clone());
        })),
        ("copy, cos-sign, headers set", Box::new(|| {
            let mut head = black_box(&head).clone();
            signer.sign(&head, &credentials, validity).unwrap().apply(&mut head.headers);
            black_box(head);
        })),
        ("copy, reqsign-tencent-cos (sets headers)", Box::new(|| {
            let mut head = black_box(&head).clone();
            let done = theirs.sign_request(&context, &mut head, Some(&credential), None);
            futures_executor::block_on(done).unwrap();
            black_box(head);
        })),
    ];

    let mut times = vec![Vec::with_capacity(TURNS); rows.len()];
    for turn in 0..TURNS + 20 {
        for ((_, work), times) in rows.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..CALLS {
                work();
            }
            if turn >= 20 {
                times.push(start.elapsed().as_nanos() as f64 / f64::from(CALLS));
            }
        }
    }
    let medians: Vec<f64> = times
        .into_iter()
        .map(|mut row| {
            row.sort_by(f64::total_cmp);
            row[row.len() / 2]
        })
        .collect();
    for ((name, _), median) in rows.iter().zip(&medians) {
        println!("{median:8.0} ns  {name}");
    }
    println!("{:8.2} x   cos-sign / bare (target at most 1.4)", medians[1] / medians[0]);
    println!("{:8.2} x   the same with the key at hand", medians[3] / medians[2]);
    println!(
        "{:8.2} x   reqsign / cos-sign, both without the copy (target at least 3)",
        (medians[6] - medians[4]) / (medians[5] - medians[4])
    );
    println!("{:8.2} x   reqsign without the copy / cos-sign as it is used", (medians[6] - medians[4]) / medians[1]);
}
