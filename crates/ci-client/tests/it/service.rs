//! A stand-in for the jobs API that keeps what it accepted, and fails as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ci_client::model::{CreateJobRequest, UserData};
use ci_client::{Client, ClientBuilder, Credentials};

use crate::peer::{Conn, Peer, Seen};

/// What happens to one `POST /jobs`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Post {
    /// Accepted and answered.
    Good,
    /// Closed without reading anything.
    CloseUnread,
    /// Closed after half of the request.
    CloseHalf,
    /// Read to the end, then closed; nothing accepted.
    CloseAfter,
    /// As that, with a reset.
    Reset,
    /// Accepted, then closed without an answer.
    AcceptedAndLost,
    /// Read, nothing accepted, and silence.
    Silence,
    /// Accepted, and silence.
    AcceptedAndSilent,
    /// Refused with this status and code; nothing accepted.
    Status(u16, &'static str),
    /// As that, with these header lines.
    StatusWith(u16, &'static str, &'static str),
    /// Accepted, and answered with this status.
    AcceptedWithStatus(u16),
    /// Accepted, and answered with this body under 200.
    AcceptedWithBody(&'static str),
}

/// What happens to the list of jobs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum List {
    Good,
    /// Shows nothing this often, then all.
    Lags(u32),
    Refused,
    Silent,
    /// So many other jobs stand before ours, on pages of 10.
    Long(usize),
}

/// When connections that have carried a submission end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Closes {
    /// With the answer, politely.
    AfterAnswer,
    /// When the next request begins to arrive, unread.
    AtNextRequest,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) posts: VecDeque<Post>,
    pub(crate) list: List,
    pub(crate) jobs: Vec<(String, CreateJobRequest)>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) lists: u32,
    pub(crate) closes: Option<Closes>,
}

pub(crate) struct Service {
    pub(crate) peer: Peer,
    pub(crate) state: Arc<Mutex<State>>,
}

impl Service {
    pub(crate) async fn start(posts: impl IntoIterator<Item = Post>, list: List) -> Self {
        let state = State {
            posts: posts.into_iter().collect(),
            list,
            jobs: Vec::new(),
            seen: Vec::new(),
            lists: 0,
            closes: None,
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let peer = Peer::start(move |_, conn| serve(conn, Arc::clone(&shared))).await;
        Self { peer, state }
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        builder(&self.peer)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn jobs(&self) -> usize {
        self.state.lock().unwrap().jobs.len()
    }

    /// How many requests for a job came, whole or not.
    pub(crate) fn posts(&self) -> usize {
        self.state
            .lock()
            .unwrap()
            .seen
            .iter()
            .filter(|seen| seen.line.starts_with("POST"))
            .count()
    }
}

/// A client of this peer with limits that suit a test.
pub(crate) fn builder(peer: &Peer) -> ClientBuilder {
    Client::builder("media-1250000000", "ap-chongqing")
        .endpoint(peer.url())
        .credentials(Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE"))
        .proxy(ci_client::transport::Proxy::none())
        .timeout(Duration::from_secs(20))
}

async fn serve(mut conn: Conn, state: Arc<Mutex<State>>) {
    loop {
        // The fate of a connection that is not read is sealed before the request.
        let next = state.lock().unwrap().posts.front().cloned();
        if let Some(post @ (Post::CloseUnread | Post::CloseHalf)) = next {
            if post == Post::CloseHalf && conn.some(200).await.is_none() {
                return;
            }
            state.lock().unwrap().posts.pop_front();
            return;
        }
        let Some(seen) = conn.request().await else {
            return;
        };
        state.lock().unwrap().seen.push(seen.clone());
        if seen.line.starts_with("POST /jobs") {
            let post = state
                .lock()
                .unwrap()
                .posts
                .pop_front()
                .unwrap_or(Post::Good);
            if !answer_post(&mut conn, &seen, post.clone(), &state).await {
                if post == Post::Reset {
                    conn.reset();
                }
                return;
            }
            match state.lock().unwrap().closes {
                Some(Closes::AfterAnswer) => return,
                Some(Closes::AtNextRequest) => {}
                None => continue,
            }
            let _ = conn.some(1).await;
            return;
        } else if seen.line.starts_with("GET /jobs?") {
            if !answer_list(&mut conn, &seen, &state).await {
                return;
            }
        } else {
            conn.reply(404, "", "").await;
        }
    }
}

fn accept(state: &Mutex<State>, seen: &Seen) -> String {
    let request: CreateJobRequest = ci_client::model::from_xml(&seen.body).unwrap();
    let mut state = state.lock().unwrap();
    let id = format!("j{}", state.jobs.len());
    state.jobs.push((id.clone(), request));
    id
}

fn detail(id: &str, request: &CreateJobRequest) -> String {
    let operation = &request.operation[0];
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let time = ci_client::model::CiTime::from_unix_seconds(i64::try_from(now).unwrap()).unwrap();
    format!(
        "<JobsDetail><JobId>{id}</JobId><State>Submitted</State><CreationTime>{time}</CreationTime>\
         <Input><Object>{}</Object></Input><Operation><UserData>{}</UserData><Output><Object>{}</Object></Output>\
         </Operation></JobsDetail>",
        request.input.object.as_deref().unwrap_or_default(),
        operation.user_data.as_ref().map_or("", UserData::as_str),
        operation.output.object.as_deref().unwrap_or_default(),
    )
}

/// Whether the connection goes on.
async fn answer_post(conn: &mut Conn, seen: &Seen, post: Post, state: &Arc<Mutex<State>>) -> bool {
    let error =
        |code: &str| format!("<Error><Code>{code}</Code><Message>as told</Message></Error>");
    match post {
        Post::Good => {
            let id = accept(state, seen);
            let job = detail(&id, &state.lock().unwrap().jobs.last().unwrap().1);
            conn.reply(200, "", &format!("<Response>{job}</Response>"))
                .await;
            true
        }
        Post::CloseUnread | Post::CloseHalf | Post::CloseAfter | Post::Reset => false,
        Post::AcceptedAndLost => {
            accept(state, seen);
            false
        }
        Post::Silence => {
            conn.silence().await;
            false
        }
        Post::AcceptedAndSilent => {
            accept(state, seen);
            conn.silence().await;
            false
        }
        Post::Status(status, code) => {
            conn.reply(status, "", &error(code)).await;
            true
        }
        Post::StatusWith(status, code, headers) => {
            conn.reply(status, headers, &error(code)).await;
            true
        }
        Post::AcceptedWithStatus(status) => {
            accept(state, seen);
            conn.reply(status, "", &error("InternalError")).await;
            true
        }
        Post::AcceptedWithBody(body) => {
            accept(state, seen);
            conn.reply(200, "", body).await;
            true
        }
    }
}

/// Whether the connection goes on.
async fn answer_list(conn: &mut Conn, seen: &Seen, state: &Arc<Mutex<State>>) -> bool {
    let (list, number, jobs) = {
        let mut state = state.lock().unwrap();
        state.lists += 1;
        let jobs: Vec<_> = state
            .jobs
            .iter()
            .map(|(id, request)| detail(id, request))
            .collect();
        (state.list, state.lists, jobs)
    };
    let mut next = String::new();
    let shown = match list {
        List::Refused => {
            conn.reply(
                403,
                "",
                "<Error><Code>AccessDenied</Code><Message>no list for you</Message></Error>",
            )
            .await;
            return true;
        }
        List::Silent => {
            conn.silence().await;
            return false;
        }
        List::Lags(times) if number <= times => Vec::new(),
        List::Good | List::Lags(_) => jobs,
        List::Long(others) => {
            let from: usize = seen
                .line
                .split_once("nextToken=")
                .and_then(|(_, rest)| rest.split(['&', ' ']).next()?.parse().ok())
                .unwrap_or(0);
            let strangers = (0..others).map(|n| {
                format!("<JobsDetail><JobId>s{n}</JobId><State>Success</State></JobsDetail>")
            });
            let all: Vec<_> = strangers.chain(jobs).collect();
            if from + 10 < all.len() {
                next = format!("<NextToken>{}</NextToken>", from + 10);
            }
            all.into_iter().skip(from).take(10).collect()
        }
    };
    conn.reply(
        200,
        "",
        &format!("<Response>{}{next}</Response>", shown.concat()),
    )
    .await;
    true
}
