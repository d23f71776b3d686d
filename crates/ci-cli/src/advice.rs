//! What to try after a failure: for people only, behind the message; scripts read `kind` and `code`.

use crate::failure::{Failure, Kind};

/// The next step, when one is known that the message does not name itself.
pub(crate) fn advice(failure: &Failure) -> Option<&'static str> {
    let says = |text: &str| failure.message.contains(text);
    if let Some(code) = &failure.said.code {
        return of_code(code, &failure.message);
    }
    Some(match failure.kind {
        Kind::Auth if says("no credentials") => {
            "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or name a profile of tccli with --profile; \
             a local engine (COSCI_ENDPOINT) needs neither"
        }
        Kind::Network if says("Connection refused") => {
            "nobody listens there: `cosci serve` starts a local engine, without COSCI_ENDPOINT the service is called"
        }
        Kind::Network if says("failed to lookup") => {
            "the name is made of bucket and region: look at both, the bucket ends in its APPID; `cosci doctor` tells more"
        }
        Kind::Network => "`cosci doctor` tells how far a call gets",
        Kind::NotFound if says("there is no job") => "`cosci jobs list` shows those there are",
        Kind::NotFound if says("there is no template") => {
            "`cosci templates list` shows those there are"
        }
        Kind::NotFound if says("there is no queue") => "`cosci queues list` shows those there are",
        Kind::TimedOut if says("had not ended") => {
            "it goes on by itself: `cosci jobs wait` waits for it again, --wait-timeout waits longer"
        }
        Kind::TimedOut => "--timeout allows more; `cosci doctor` tells how far a call gets",
        _ => return None,
    })
}

/// By the service's code: what `docs/first-cover-in-the-cloud.md` says at length.
fn of_code(code: &str, message: &str) -> Option<&'static str> {
    Some(match code {
        "ResourceNotFound" => {
            "`cosci objects list` shows what is in the bucket, `cosci objects put FILE KEY` brings a video in"
        }
        "NoSuchKey" => "`cosci objects list` shows what is in the bucket",
        "NoSuchBucket" => {
            "look at --bucket and --region; in a local engine a bucket begins with its first object"
        }
        "NoSuchJob" => "`cosci jobs list` shows those there are",
        "InvalidArgument" if message.contains("TemplateId") => {
            "`cosci templates list` shows those there are"
        }
        "InvalidArgument" if message.contains("QueueId") => {
            "`cosci queues list` shows those there are"
        }
        "FunctionNotEnabled" => "`cosci buckets open` opens the media service of the bucket",
        "CIRoleNotExist" => "open Cloud Infinite in the console of the cloud: that makes the role",
        "AccessDenied" => "the key needs ci:CreateMediaJobs, and cam:passrole beside it, for jobs",
        "InvalidAccessKeyId" => "`cosci doctor` shows which key is used and where it was found",
        "RequestTimeTooSkewed" => "set the clock of this machine",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Said;

    #[test]
    fn a_code_decides_before_the_words_of_the_message() {
        let refused = |code: &str, message: &str| {
            let said = Said {
                code: Some(code.to_owned()),
                ..Said::default()
            };
            advice(&Failure::new(Kind::NotFound, message).said(said))
        };
        let next = refused("NoSuchKey", "there is no job in this text");
        assert!(next.is_some_and(|next| next.contains("objects list")));
        assert_eq!(refused("Unheard", "there is no job in this text"), None);
        let queue = refused("InvalidArgument", "QueueId p1 is no queue");
        assert!(queue.is_some_and(|next| next.contains("queues list")));
        assert_eq!(refused("InvalidArgument", "Count is wrong"), None);
    }

    #[test]
    fn what_names_its_own_next_step_gets_no_other() {
        let usage = Failure::usage("no bucket: give --bucket or set COSCI_BUCKET");
        assert_eq!(advice(&usage), None);
    }
}
