//! A real HTTP server on loopback that keeps every callback it has said yes to; every tenth gets a no first.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use ci_model::callback;

/// Documents by job, each as often as it was accepted.
pub(crate) type Told = HashMap<String, Vec<String>>;

#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    told: Arc<Mutex<Told>>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/told", listener.local_addr().expect("an address"));
        let told = Arc::<Mutex<Told>>::default();
        let kept = Arc::clone(&told);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let kept = Arc::clone(&kept);
                // One after the other would let a dying engine hold up the next one's.
                std::thread::spawn(move || {
                    // A connection that a dead engine cut off brings nothing.
                    let _ = stream.ok().and_then(|stream| take(stream, number, &kept));
                });
            }
        });
        Self { url, told }
    }

    /// How many documents were accepted.
    pub(crate) fn count(&self) -> usize {
        let told = self.told.lock().expect("not poisoned");
        told.values().map(Vec::len).sum()
    }

    pub(crate) fn told(&self) -> Told {
        self.told.lock().expect("not poisoned").clone()
    }
}

fn take(mut stream: TcpStream, number: usize, told: &Mutex<Told>) -> Option<()> {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    let (media, text) = loop {
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&piece[..count]);
        let Some((head, body)) = std::str::from_utf8(&request).ok()?.split_once("\r\n\r\n") else {
            continue;
        };
        let value = |wanted: &str| {
            head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case(wanted)
                    .then(|| value.trim().to_owned())
            })
        };
        if body.len() >= value("content-length")?.parse().ok()? {
            break (value("content-type")?, body.to_owned());
        }
    };
    if number % 10 == 9 {
        return stream
            .write_all(b"HTTP/1.1 500 later\r\ncontent-length: 0\r\n\r\n")
            .ok();
    }
    let event = callback::parse(Some(&media), &text).expect("a callback document");
    let job = event.jobs_detail[0]
        .job_id
        .as_ref()
        .expect("an id")
        .to_string();
    told.lock()
        .expect("not poisoned")
        .entry(job)
        .or_default()
        .push(text);
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .ok()
}
