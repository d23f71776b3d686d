//! What the clients do until the engine dies, and what it has promised them.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::BUCKET;
use super::dice::Dice;
use super::wire::call;

/// What was asked for, and what was answered with yes.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    pub(crate) asked: usize,
    pub(crate) jobs: Vec<String>,
    /// Cancels that were answered with yes.
    pub(crate) cancelled: HashSet<String>,
    /// Cancels that were sent: one without an answer may have worked.
    pub(crate) to_cancel: HashSet<String>,
    /// Keys that were stored, with the checksums of their bytes.
    pub(crate) objects: HashMap<String, String>,
    /// Checksums of everything that was sent to the one key that all clients write.
    pub(crate) contended: HashSet<String>,
}

#[derive(Debug)]
pub(crate) struct Load {
    receiver: String,
    promises: Mutex<Promises>,
    answers: AtomicU64,
}

/// What a client asks for in one life of the engine, so that the last one can carry out all of it.
const MOST_CALLS: usize = 16;

impl Load {
    pub(crate) fn new(receiver: String) -> Self {
        Self {
            receiver,
            promises: Mutex::default(),
            answers: AtomicU64::new(0),
        }
    }

    /// How many calls have been answered.
    pub(crate) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    pub(crate) fn promises(&self) -> std::sync::MutexGuard<'_, Promises> {
        self.promises.lock().expect("not poisoned")
    }

    /// Calls one after the other until the engine answers no more.
    pub(crate) fn run(&self, address: SocketAddr, over: &AtomicBool, mut dice: Dice) {
        for _ in 0..MOST_CALLS {
            if over.load(Ordering::Relaxed) {
                return;
            }
            let answered = match dice.below(10) {
                0 | 1 => self.put(address, &mut dice),
                2 => self.cancel(address, &mut dice),
                _ => self.submit(address, &mut dice),
            };
            if answered.is_none() {
                return;
            }
            self.answers.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn submit(&self, address: SocketAddr, dice: &mut Dice) -> Option<()> {
        let operations = 1 + usize::from(dice.below(5) == 0);
        let format = ["XML", "JSON"][dice.below(2) as usize];
        let operation = format!(
            "<Operation><SmartCover><Width>128</Width><Count>{}</Count></SmartCover><Output>\
             <Region>ap-chongqing</Region><Bucket>{BUCKET}</Bucket>\
             <Object>covers/${{jobid}}-${{number}}.jpg</Object></Output>\
             <JobLevel>{}</JobLevel></Operation>",
            1 + dice.below(2),
            dice.below(3)
        );
        let body = format!(
            "<Request><Tag>SmartCover</Tag><Input><Object>in/clip.mp4</Object></Input>{}\
             <CallBack>{}</CallBack><CallBackFormat>{format}</CallBackFormat></Request>",
            operation.repeat(operations),
            self.receiver
        );
        self.promises().asked += operations;
        let (status, answer) = call(address, "POST", "/jobs", body.as_bytes())?;
        let answer = String::from_utf8(answer).expect("text");
        assert_eq!(status, 200, "{answer}");
        let ids = answer.split("<JobId>").skip(1);
        let ids: Vec<_> = ids.filter_map(|rest| rest.split('<').next()).collect();
        assert_eq!(ids.len(), operations, "{answer}");
        self.promises()
            .jobs
            .extend(ids.into_iter().map(str::to_owned));
        Some(())
    }

    fn cancel(&self, address: SocketAddr, dice: &mut Dice) -> Option<()> {
        let job = {
            let mut promises = self.promises();
            let Some(last) = promises.jobs.len().checked_sub(1) else {
                return Some(());
            };
            // One of the latest: the others have ended.
            let job = promises.jobs[last - dice.below(20).min(last as u64) as usize].clone();
            promises.to_cancel.insert(job.clone());
            job
        };
        let (status, answer) = call(address, "PUT", &format!("/jobs/{job}?cancel"), b"")?;
        match status {
            200 => {
                self.promises().cancelled.insert(job);
            }
            400 => {}
            _ => panic!("{status} {}", String::from_utf8_lossy(&answer)),
        }
        Some(())
    }

    fn put(&self, address: SocketAddr, dice: &mut Dice) -> Option<()> {
        let size = dice.below(200_000);
        let bytes = dice.bytes(size);
        let sum = ci_tests::md5_of(&bytes);
        let contended = dice.below(3) == 0;
        let key = if contended {
            self.promises().contended.insert(sum.clone());
            "put/contended.bin".to_owned()
        } else {
            format!("put/{:016x}.bin", dice.next())
        };
        let (status, answer) = call(address, "PUT", &format!("/{key}"), &bytes)?;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        if !contended {
            self.promises().objects.insert(key, sum);
        }
        Some(())
    }
}
