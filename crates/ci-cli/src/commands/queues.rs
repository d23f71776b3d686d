//! `cosci queues`: look at queues, pause them, say whom they tell.

use ci_client::Client;
use ci_core::ListQueues;
use ci_model::{
    CallBackFormat, CallBackType, NotifyConfig, NotifyState, Queue, QueueId, QueueState,
    UpdateQueueRequest,
};

use super::answer::{Answer, cell};
use super::pages;
use crate::args::{Queues, QueuesList, QueuesUpdate};
use crate::connect;
use crate::failure::{Failure, Kind, Said};
use crate::output::{self, Output};

/// Queues of every kind; the service lists those for transcoding alone when it is not told.
const EVERY: &str = "CateAll";

pub(crate) async fn run(command: Queues, output: Output) -> Result<u8, Failure> {
    match command {
        Queues::List(args) => list(args, output).await,
        Queues::Update(args) => update(args, output).await,
    }
}

async fn list(args: QueuesList, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let listed = pages::read(&client, args.limit, |number, size| {
        let mut list = ListQueues::new()
            .queue_ids(args.ids.clone())
            .category(EVERY)
            .page_number(number)
            .page_size(size);
        list.state = args.state.as_deref().map(state);
        list
    });
    let listed = listed.await?;
    let missing = listed.page.non_exist_pids.clone();
    if missing.is_empty() {
        return listed.print(output, |page| table(&page.queue_list));
    }
    let found = &listed.page.queue_list;
    listed
        .answer()
        .print_found(output, "queue", found.len(), &missing, || table(found))
}

/// The service replaces a queue as a whole, so what is not given is read first.
async fn update(args: QueuesUpdate, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let (queue, looks) = find(&client, &args.id).await?;
    let name = args.name.or(queue.name).unwrap_or_default();
    let becomes = args.state.as_deref().map(state).or(queue.state);
    let mut notify = queue.notify_config.unwrap_or_default();
    if let Some(to) = &args.callback {
        tell(&mut notify, to);
    }
    if let Some(format) = &args.callback_format {
        notify.result_format = Some(match format.to_ascii_uppercase().as_str() {
            "JSON" => CallBackFormat::Json,
            _ => CallBackFormat::Xml,
        });
    }
    let request = UpdateQueueRequest::new(name, becomes.unwrap_or(QueueState::Active), notify);
    let reply = client.update_queue(&args.id, request).await?;
    let mut answer = Answer::of(&reply);
    answer.attempts += looks;
    answer.print(output, || table(std::slice::from_ref(&reply.output.queue)))
}

/// The queue of this id, and how often was asked for it.
async fn find(client: &Client, id: &QueueId) -> Result<(Queue, u32), Failure> {
    let list = ListQueues::new().queue_ids([id.clone()]).category(EVERY);
    let reply = client.list_queues(list).await?;
    let mut queues = reply.output.queue_list.into_iter();
    match queues.find(|queue| queue.queue_id.as_ref() == Some(id)) {
        Some(queue) => Ok((queue, reply.attempts)),
        None => {
            let failure = Failure::new(Kind::NotFound, format!("there is no queue {id}"));
            Err(failure.said(Said {
                request_id: reply.request_id,
                http_status: Some(200),
                attempts: reply.attempts,
                ..Said::default()
            }))
        }
    }
}

/// Reports go to this URL from now on, or nowhere.
fn tell(notify: &mut NotifyConfig, to: &str) {
    if to == "no" {
        notify.state = Some(NotifyState::Off);
        return;
    }
    notify.state = Some(NotifyState::On);
    notify.channel = Some(CallBackType::Url);
    notify.url = Some(to.to_owned());
    if notify.event.as_deref().unwrap_or_default().is_empty() {
        notify.event = Some("TaskFinish".to_owned());
    }
}

fn state(word: &str) -> QueueState {
    match word {
        word if word.eq_ignore_ascii_case("paused") => QueueState::Paused,
        _ => QueueState::Active,
    }
}

fn table(queues: &[Queue]) -> String {
    let head = ["QUEUE", "STATE", "CATEGORY", "CALLBACK", "NAME"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for queue in queues {
        let notify = queue.notify_config.as_ref();
        let told = notify.filter(|notify| notify.state == Some(NotifyState::On));
        rows.push(vec![
            cell(queue.queue_id.as_ref()),
            cell(queue.state.as_ref()),
            cell(queue.category.as_ref()),
            cell(told.and_then(|notify| notify.url.as_ref().or(notify.mq_name.as_ref()))),
            cell(queue.name.as_ref()),
        ]);
    }
    output::table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_turns_reports_on_and_no_turns_them_off_without_losing_the_url() {
        let mut notify = NotifyConfig::default();
        tell(&mut notify, "http://127.0.0.1/done");
        assert!(notify.tells("TaskFinish"));
        tell(&mut notify, "no");
        assert!(!notify.tells("TaskFinish"));
        assert_eq!(notify.url.as_deref(), Some("http://127.0.0.1/done"));
    }
}
