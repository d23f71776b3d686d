//! A receiver of callbacks that is a real HTTP server.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

/// Starts one that answers with each of the statuses in turn and then with the last; returns its URL.
///
/// # Panics
///
/// When there is no port for it.
#[must_use]
pub fn receiver(statuses: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for (at, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let status = statuses.get(at).or(statuses.last()).unwrap_or(&"200 OK");
            let (mut stream, mut head) = (stream, [0; 4096]);
            // A callback is small and comes in one piece over loopback.
            if stream.read(&mut head).is_ok() {
                drop(write!(
                    stream,
                    "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"
                ));
            }
        }
    });
    format!("http://{address}/covers-done")
}
