//! `cosci covers`: the main job, on the embedded engine for a file, on the service for `cos://BUCKET/KEY`.

pub(super) mod files;
mod local;
pub(super) mod plan;
mod reasons;
mod sheet;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ci_client::{Client, WaitOptions};
use ci_model::{JobsDetail, SmartCover};
use indicatif::{MultiProgress, ProgressBar};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::local::{Fact, Local};
use self::plan::{Input, Place, Plan};
use crate::args::Covers;
use crate::connect;
use crate::failure::{Failure, Kind};
use crate::output::{self, Output};
use crate::runtime::{self, Stop};

/// A cover on this machine.
struct CoverFile {
    file: PathBuf,
    object: String,
    time: Option<f64>,
    score: Option<f64>,
    width: u32,
    height: u32,
    bytes: u64,
    md5: String,
}

/// What became of one input.
struct Done {
    job_id: String,
    state: String,
    elapsed: Duration,
    covers: Vec<CoverFile>,
}

pub(crate) async fn run(args: Covers, output: Output) -> Result<u8, Failure> {
    let mut stop = Stop::listen()?;
    let plan = Plan::of(args)?;
    let local = if plan.needs_engine() {
        smart_cover::Tools::find().map_err(|error| Failure::chain(Kind::FfmpegMissing, &error))?;
        Some(Local::start().await?)
    } else {
        None
    };
    let work = async {
        let outcomes = run_all(&plan, local.as_ref()).await?;
        for (input, _) in done(&plan, &outcomes).filter(|_| plan.explain) {
            reasons::write(&plan, input).await?;
        }
        Ok(outcomes)
    };
    let outcomes = tokio::select! {
        outcomes = work => outcomes,
        () = stop.asked() => Err(runtime::interrupted()),
    };
    // Interrupted or not: the engine's children and its folder must not outlive this run.
    if let Some(local) = local {
        local.end().await;
    }
    let outcomes = outcomes?;
    write_sheet(&plan, &outcomes)?;
    tell(&plan, outcomes, output)
}

/// All inputs at once; the engine or the service decides how many really run.
async fn run_all(
    plan: &Plan,
    local: Option<&Local>,
) -> Result<Vec<Result<Done, Failure>>, Failure> {
    let bars = MultiProgress::new();
    let mut tasks = JoinSet::new();
    for (number, input) in plan.inputs.iter().enumerate() {
        if input.refused.is_some() {
            continue;
        }
        let client = match (&input.place, local) {
            (Place::File, Some(local)) => {
                local.lend(&input.key, &input.path).await?;
                local.client.clone()
            }
            (Place::File, None) => {
                return Err(Failure::other("the embedded engine is not running"));
            }
            (Place::Bucket(bucket), _) => connect::client(&plan.connection, Some(bucket))?,
        };
        let job = Job {
            cover: plan.cover.clone(),
            input: input.clone(),
            extension: plan.extension,
            wait: plan.wait,
        };
        let bar = spinner(&bars, &input.shown);
        tasks.spawn(async move {
            let outcome = job.run(&client).await;
            bar.finish_and_clear();
            (number, outcome)
        });
    }
    let mut fetched: Vec<Option<Result<Fetched, Failure>>> =
        plan.inputs.iter().map(|_| None).collect();
    while let Some(ended) = tasks.join_next().await {
        let (number, outcome) =
            ended.map_err(|error| Failure::other(format!("a job was lost: {error}")))?;
        if let Some(place) = fetched.get_mut(number) {
            *place = Some(outcome);
        }
    }
    let mut outcomes = Vec::new();
    for (input, outcome) in plan.inputs.iter().zip(fetched) {
        let lost = || {
            input
                .refused
                .clone()
                .unwrap_or_else(|| Failure::other("a job was lost"))
        };
        let outcome = outcome.unwrap_or_else(|| Err(lost()));
        let facts = match (&outcome, local, &input.place) {
            (Ok(fetched), Some(local), Place::File) => local.facts(&fetched.job_id).await,
            _ => Vec::new(),
        };
        outcomes.push(outcome.and_then(|fetched| fetched.write(plan, input, &facts)));
    }
    Ok(outcomes)
}

/// One job on its way.
struct Job {
    cover: SmartCover,
    input: Input,
    extension: &'static str,
    wait: Option<Duration>,
}

/// A finished job with the bytes of its covers, in the order of their numbers.
struct Fetched {
    job_id: String,
    state: String,
    elapsed: Duration,
    objects: Vec<(String, bytes::Bytes)>,
}

impl Job {
    async fn run(&self, client: &Client) -> Result<Fetched, Failure> {
        let start = Instant::now();
        let output = format!(
            "covers/{}-${{number}}.{}",
            plan::key_text(&self.input.stem),
            self.extension
        );
        let job = client
            .create_job(self.cover.clone(), &self.input.key, &output)
            .await?
            .job_id;
        let mut pace = WaitOptions::default();
        if self.input.place == Place::File {
            // The engine on this machine has nothing better to do, and a short clip is done at once.
            pace = pace
                .interval(Duration::from_millis(50))
                .longest(Duration::from_secs(1));
        }
        pace.limit = self.wait;
        let ended = client.wait_with(&job, pace, |_| {}).await?;
        let mut objects = Vec::new();
        for key in ended.object_names() {
            let bytes = client.get_object(key).await?.output.bytes;
            check_md5(&ended, key, &bytes)?;
            objects.push((key.clone(), bytes));
        }
        let state = ended
            .state
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        Ok(Fetched {
            job_id: job.to_string(),
            state,
            elapsed: start.elapsed(),
            objects,
        })
    }
}

/// What arrived is what the service says it wrote.
fn check_md5(job: &JobsDetail, key: &str, bytes: &[u8]) -> Result<(), Failure> {
    let file = job
        .operation
        .media_result
        .as_ref()
        .and_then(|result| result.output_file.as_ref());
    let said = file
        .and_then(|file| {
            file.md5_info
                .iter()
                .find(|info| info.object_name.as_deref() == Some(key))
        })
        .and_then(|info| info.md5.as_deref());
    match said {
        Some(said) if !said.eq_ignore_ascii_case(&md5(bytes)) => Err(Failure::new(
            Kind::Network,
            format!("the object {key} arrived with another MD5 than the job says"),
        )),
        _ => Ok(()),
    }
}

fn md5(bytes: &[u8]) -> String {
    use md5::Digest;
    hex::encode(md5::Md5::digest(bytes))
}

impl Fetched {
    fn write(self, plan: &Plan, input: &Input, facts: &[Fact]) -> Result<Done, Failure> {
        let mut covers = Vec::new();
        for (number, (object, bytes)) in self.objects.into_iter().enumerate() {
            let file = files::cover_path(&plan.out, Path::new(&input.stem), number, plan.extension);
            let size = imagesize::blob_size(&bytes).map_err(|error| {
                Failure::other(format!("the object {object} is no picture: {error}"))
            })?;
            files::write_whole(&file, &bytes)?;
            let fact = facts.iter().find(|fact| fact.object == object);
            covers.push(CoverFile {
                file,
                md5: md5(&bytes),
                bytes: bytes.len() as u64,
                width: u32::try_from(size.width).unwrap_or(u32::MAX),
                height: u32::try_from(size.height).unwrap_or(u32::MAX),
                time: fact.and_then(|fact| fact.time),
                score: fact.and_then(|fact| fact.score),
                object,
            });
        }
        Ok(Done {
            job_id: self.job_id,
            state: self.state,
            elapsed: self.elapsed,
            covers,
        })
    }
}

/// The inputs that came to covers.
fn done<'a>(
    plan: &'a Plan,
    outcomes: &'a [Result<Done, Failure>],
) -> impl Iterator<Item = (&'a Input, &'a Done)> {
    let outcomes = plan.inputs.iter().zip(outcomes);
    outcomes.filter_map(|(input, outcome)| Some((input, outcome.as_ref().ok()?)))
}

fn write_sheet(plan: &Plan, outcomes: &[Result<Done, Failure>]) -> Result<(), Failure> {
    let sections: Vec<_> = done(plan, outcomes)
        .map(|(input, done)| sheet::Section {
            input: &input.shown,
            covers: &done.covers,
        })
        .collect();
    if sections.is_empty() {
        return Ok(());
    }
    files::write_whole(&plan.sheet(), sheet::page(&sections, &plan.out).as_bytes())
}

fn tell(
    plan: &Plan,
    mut outcomes: Vec<Result<Done, Failure>>,
    output: Output,
) -> Result<u8, Failure> {
    if outcomes.len() == 1 {
        let name = &plan.inputs[0].shown;
        let done = outcomes.remove(0).map_err(|failure| failure.about(name))?;
        output.either(
            || result(&plan.inputs[0], &done),
            || summary(plan, &[(&plan.inputs[0], &done)]),
        )?;
        return Ok(0);
    }
    let mut exit = 0;
    let mut results = Vec::new();
    let mut done = Vec::new();
    for (input, outcome) in plan.inputs.iter().zip(&outcomes) {
        match outcome {
            Ok(one) => {
                results.push(result(input, one));
                done.push((input, one));
            }
            Err(failure) => {
                let failure = failure.clone().about(&input.shown);
                output::note(&format!("cosci: {}", output.line(&failure)));
                if exit == 0 {
                    exit = failure.kind.exit();
                }
                results.push(json!({ "input": input.shown, "error": failure.to_json() }));
            }
        }
    }
    output.either(|| json!({ "results": results }), || summary(plan, &done))?;
    Ok(exit)
}

fn result(input: &Input, done: &Done) -> Value {
    let covers: Vec<Value> = done
        .covers
        .iter()
        .map(|cover| {
            json!({
                "path": cover.file.to_string_lossy(),
                "object": cover.object,
                "time": cover.time,
                "score": cover.score.map(|score| (score * 1e4).round() / 1e4),
                "width": cover.width,
                "height": cover.height,
                "bytes": cover.bytes,
                "md5": cover.md5,
            })
        })
        .collect();
    json!({
        "job_id": done.job_id,
        "state": done.state,
        "input": input.shown,
        "engine": input.place.engine(),
        "elapsed_ms": u64::try_from(done.elapsed.as_millis()).unwrap_or(u64::MAX),
        "covers": covers,
    })
}

fn summary(plan: &Plan, done: &[(&Input, &Done)]) -> String {
    let mut rows = vec![
        ["COVER", "TIME", "SCORE", "SIZE"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for cover in done.iter().flat_map(|(_, done)| &done.covers) {
        rows.push(vec![
            cover.file.to_string_lossy().into_owned(),
            cover.time.map_or_else(|| "-".into(), sheet::clock),
            cover
                .score
                .map_or_else(|| "-".into(), |score| format!("{score:.2}")),
            format!("{}x{}", cover.width, cover.height),
        ]);
    }
    if rows.len() == 1 {
        return String::new();
    }
    format!(
        "{}\nContact sheet: {}\n",
        output::table(&rows),
        plan.sheet().display()
    )
}

fn spinner(bars: &MultiProgress, name: &str) -> ProgressBar {
    if !output::has_viewer() {
        return ProgressBar::hidden();
    }
    let bar =
        bars.add(ProgressBar::new_spinner().with_message(format!("picking covers from {name}")));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
