//! The database through its front door: grouped writes, job order, paging, upgrades.

use super::*;
use jobs::{Ending, Filter, JobRow};

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("engine.db")).unwrap();
    (folder, store)
}

fn job(id: &str, queue: &str, level: u8) -> JobRow {
    JobRow {
        seq: 0,
        id: id.to_owned(),
        bucket: "b-1".to_owned(),
        region: "ap-x".to_owned(),
        queue: queue.to_owned(),
        tag: "SmartCover".to_owned(),
        level,
        state: "Submitted".to_owned(),
        input: "in.mp4".to_owned(),
        spec: crate::spec::Spec::default(),
        created: 1_000,
        started: None,
        ended: None,
        runs: 0,
        code: "Success".to_owned(),
        message: String::new(),
        covers: Vec::new(),
    }
}

async fn fill(store: &Store, jobs: Vec<JobRow>) -> String {
    store
        .write(move |c| {
            buckets::open(c, "b-1", "ap-x", 5)?;
            for job in &jobs {
                jobs::insert(c, job)?;
            }
            Ok::<_, StoreError>(crate::ids::queue("b-1", queues::DEFAULT_NAME))
        })
        .await
        .unwrap()
}

async fn claim(store: &Store, most: usize) -> Vec<String> {
    let rows = store
        .write(move |c| jobs::claim(c, most, Default::default(), 9))
        .await;
    rows.unwrap().into_iter().map(|job| job.id).collect()
}

#[tokio::test]
async fn a_failing_write_is_undone_and_its_neighbours_are_kept() {
    let (_folder, store) = store();
    let good =
        |name: &'static str| store.write(move |c| buckets::open(c, name, "ap-x", 1).map(|_| ()));
    let bad = store.write(|c| {
        buckets::open(c, "bad-1", "ap-x", 1)?;
        Err::<(), _>(StoreError::Sqlite("no".to_owned()))
    });
    let (first, second, third) = tokio::join!(good("a-1"), bad, good("c-1"));
    assert!(first.is_ok() && second.is_err() && third.is_ok());
    let names = store.read(buckets::all).await.unwrap();
    let names: Vec<_> = names.into_iter().map(|b| b.name).collect();
    assert_eq!(names, ["a-1", "c-1"]);
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let (_folder, store) = store();
    store.close().await;
    let late = store.write(|c| buckets::open(c, "a-1", "ap-x", 1)).await;
    assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
}

#[tokio::test]
async fn jobs_run_by_level_then_age() {
    let (_folder, store) = store();
    let queue = crate::ids::queue("b-1", queues::DEFAULT_NAME);
    let jobs = [("low", 0), ("high", 2), ("mid", 1), ("high-later", 2)];
    fill(
        &store,
        jobs.map(|(id, level)| job(id, &queue, level)).into(),
    )
    .await;
    assert_eq!(claim(&store, 3).await, ["high", "high-later", "mid"]);
    assert_eq!(claim(&store, 3).await, ["low"]);
    assert_eq!(claim(&store, 3).await, [""; 0]);
}

#[tokio::test]
async fn a_short_queue_is_not_starved_and_a_full_one_waits() {
    let (_folder, store) = store();
    let long = crate::ids::queue("b-1", queues::DEFAULT_NAME);
    let short = store
        .write(|c| queues::add(c, "b-1", "short", queues::TRANSCODING, 1, 5))
        .await
        .unwrap();
    let jobs = vec![
        job("l1", &long, 2),
        job("l2", &long, 2),
        job("s1", &short, 0),
        job("s2", &short, 0),
    ];
    fill(&store, jobs).await;
    assert_eq!(claim(&store, 9).await, ["l1", "s1", "l2"]);
}

#[tokio::test]
async fn a_paused_queue_starts_nothing_and_its_jobs_show_it() {
    let (_folder, store) = store();
    let queue = crate::ids::queue("b-1", queues::DEFAULT_NAME);
    fill(&store, vec![job("a", &queue, 0)]).await;
    let set = |state: &'static str| {
        let queue = queue.clone();
        store.write(move |c| {
            let row = queues::find(c, &queue)?.unwrap();
            queues::update(
                c,
                &queues::QueueRow {
                    state: state.to_owned(),
                    ..row
                },
            )
        })
    };
    set("Paused").await.unwrap();
    assert_eq!(claim(&store, 1).await, [""; 0]);
    let shown = |store: Store| async move {
        store
            .read(|c| jobs::find(c, Some("b-1"), "a"))
            .await
            .unwrap()
            .unwrap()
            .state
    };
    assert_eq!(shown(store.clone()).await, "Pause");
    let paused = Filter {
        bucket: "b-1".into(),
        states: vec!["Pause".into()],
        most: 5,
        ..Filter::default()
    };
    assert_eq!(
        store
            .read(move |c| jobs::list(c, &paused))
            .await
            .unwrap()
            .0
            .len(),
        1
    );
    set("Active").await.unwrap();
    assert_eq!(claim(&store, 1).await, ["a"]);
    assert_eq!(shown(store).await, "Running");
}

#[tokio::test]
async fn pages_follow_each_other_in_both_directions() {
    let (_folder, store) = store();
    let queue = crate::ids::queue("b-1", queues::DEFAULT_NAME);
    fill(
        &store,
        (0..5).map(|n| job(&format!("j{n}"), &queue, 0)).collect(),
    )
    .await;
    for (ascending, want) in [(true, "j0 j1 j2 j3 j4"), (false, "j4 j3 j2 j1 j0")] {
        let mut seen = Vec::new();
        let mut filter = Filter {
            bucket: "b-1".into(),
            ascending,
            most: 2,
            ..Filter::default()
        };
        loop {
            let this = filter.clone();
            let (jobs, next) = store.read(move |c| jobs::list(c, &this)).await.unwrap();
            seen.extend(jobs.into_iter().map(|job| job.id));
            match next {
                Some(after) => filter.after = Some(after),
                None => break,
            }
        }
        assert_eq!(seen.join(" "), want);
    }
}

#[tokio::test]
async fn a_job_ends_once_and_a_cancelled_one_not_again() {
    let (_folder, store) = store();
    let queue = crate::ids::queue("b-1", queues::DEFAULT_NAME);
    fill(&store, vec![job("a", &queue, 0), job("b", &queue, 0)]).await;
    claim(&store, 1).await;
    let failed = Ending::Failed {
        code: "X".to_owned(),
        message: "y".to_owned(),
    };
    let end = |ending: Ending| store.write(move |c| jobs::finish(c, 1, &ending, 9));
    assert_eq!(end(failed.clone()).await.unwrap().unwrap().state, "Failed");
    assert!(end(failed).await.unwrap().is_none());
    let cancel =
        |id: &'static str| store.write(move |c| jobs::cancel(c, Some("b-1"), id, false, 9));
    assert_eq!(
        cancel("a").await.unwrap(),
        jobs::Cancelled::TooLate("Failed".to_owned())
    );
    assert_eq!(cancel("b").await.unwrap(), jobs::Cancelled::Done);
    assert_eq!(cancel("c").await.unwrap(), jobs::Cancelled::Absent);
    assert_eq!(claim(&store, 5).await, [""; 0]);
}

#[tokio::test]
async fn running_jobs_of_a_dead_engine_wait_again() {
    let (folder, store) = store();
    let queue = crate::ids::queue("b-1", queues::DEFAULT_NAME);
    fill(&store, vec![job("a", &queue, 0)]).await;
    claim(&store, 1).await;
    store.close().await;
    let store = Store::open(&folder.path().join("engine.db")).unwrap();
    assert_eq!(store.write(jobs::requeue_all).await.unwrap(), 1);
    assert_eq!(claim(&store, 1).await, ["a"]);
    let again = store
        .read(|c| jobs::find(c, None, "a"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.runs, 2);
}

#[test]
fn a_file_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("engine.db");
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    let refused = Store::open(&path).unwrap_err();
    assert!(
        matches!(refused, EngineError::Newer { found: 99, .. }),
        "{refused:?}"
    );
}
