//! Media that mean harm: each fails its job with a clear code, reaches nothing else, and leaves nothing.

use std::time::Duration;

use ci_local::Config;

use super::clips::make;
use super::harness::*;
use super::jobs::{body, describe, submit, with_clip};

/// A PNG that says it is so large, with next to no data.
fn huge_png(side: u32) -> Vec<u8> {
    let mut head = b"IHDR".to_vec();
    head.extend(side.to_be_bytes());
    head.extend(side.to_be_bytes());
    head.extend([8, 2, 0, 0, 0]);
    let crc = crc32(&head);
    let mut out = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    out.extend(head);
    out.extend(crc.to_be_bytes());
    out.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |mut crc: u32, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
        crc
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_media_fail_their_jobs_and_nothing_else() {
    let engine = with_clip(Config::ephemeral().job_deadline(Duration::from_secs(60))).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let trap = format!("http://{}/trap.ts", listener.local_addr().unwrap());
    let folder = engine.folder().join("buckets").join(BUCKET);
    std::fs::write(folder.join("secret.mp4"), super::clips::clip()).unwrap();
    let secret = folder.join("secret.mp4");
    let secret = secret.to_str().unwrap();
    let hls = |uri: &str| {
        format!(
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{uri}\n#EXT-X-ENDLIST\n"
        )
    };
    let dash = format!(
        "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" mediaPresentationDuration=\"PT2S\">\
         <Period><AdaptationSet mimeType=\"video/mp4\"><Representation id=\"1\" bandwidth=\"1\"><BaseURL>{trap}</BaseURL>\
         </Representation></AdaptationSet></Period></MPD>"
    );
    let random: Vec<u8> = (0..65_536_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let many_streams = {
        let mut arguments = vec!["-f", "lavfi", "-i", "color=size=16x16:rate=1:duration=1"];
        for _ in 0..80 {
            arguments.extend(["-map", "0"]);
        }
        arguments.extend(["-c:v", "rawvideo"]);
        make(&arguments, "nut")
    };
    let subtitles_only = {
        let folder = tempfile::tempdir().unwrap();
        let srt = folder.path().join("a.srt");
        std::fs::write(&srt, "1\n00:00:00,000 --> 00:00:01,000\nhello\n").unwrap();
        make(&["-i", srt.to_str().unwrap()], "mkv")
    };
    let mut cut = super::clips::clip().to_vec();
    cut.truncate(cut.len() / 2);
    for (name, bytes) in [
        ("hls-http.mp4", hls(&trap).into_bytes()),
        ("hls-file.mp4", hls(&format!("file://{secret}")).into_bytes()),
        ("hls-path.mp4", hls(secret).into_bytes()),
        ("hls-relative.mp4", hls("secret.mp4").into_bytes()),
        ("concat.mp4", format!("ffconcat version 1.0\nfile 'secret.mp4'\nfile '{secret}'\n").into_bytes()),
        ("dash.mp4", dash.into_bytes()),
        ("sdp.mp4", b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n".to_vec()),
        ("random.mp4", random),
        ("huge.png", huge_png(50_000)),
        ("streams.mp4", many_streams),
        ("subtitles.mkv", subtitles_only),
        ("cut.mp4", cut),
        ("zeros.mp4", vec![0; 100_000]),
    ] {
        std::fs::write(folder.join(name), bytes).unwrap();
        let id = submit(&engine, body(name, "", "")).await;
        let done = describe(&engine, &id).await;
        assert_eq!(done.element("State"), "Failed", "{name}: {}", done.text());
        assert!(!["InternalError", "JobTimeout", "OutputFailed"].contains(&done.element("Code")), "{name}: {}", done.text());
        assert!(engine.covers_of(&id).await.unwrap().is_empty());
    }
    let touched = std::future::poll_fn(|context| {
        std::task::Poll::Ready(listener.poll_accept(context).is_ready())
    })
    .await;
    assert!(!touched, "an input reached the network");
    assert!(!folder.join("covers").exists());
    assert!(
        std::fs::read_dir(engine.folder().join("scratch"))
            .unwrap()
            .next()
            .is_none()
    );
    // The engine is as good as before.
    let id = submit(&engine, body("in/clip.mp4", "", "")).await;
    assert_eq!(describe(&engine, &id).await.element("State"), "Success");
    engine.shutdown().await;
}
