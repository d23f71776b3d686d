//! Takes the two pictures of the console in `docs/pictures`: `cargo run -p ci-tests --bin console_pictures [FOLDER]`.
//!
//! With a folder all of them go there: every tab, wide and narrow, light and dark, to be looked at.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use ci_client::model::{
    CoverCount, CreateJobRequest, JobOutput, OperationRequest, Pixels, SmartCover, TemplateName,
    TemplateRequest, UserData,
};
use ci_local::{Config, Effect, Fault, LOCAL_SECRET_ID};
use ci_tests::browser::{Browser, TABS};
use ci_tests::data;
use ci_tests::local::{BUCKET, REGION, client};
use ci_tests::on_port::OnPort;
use ci_tests::pages::root;
use ci_tests::receiver::receiver;
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let served = OnPort::start(Config::ephemeral().control(true).workers(1));
    let browser = Browser::start();
    browser.open(&format!("{}/_console/", served.url()));
    busy_day(&served)?;
    browser.wait("document.querySelectorAll('article.Success .strip img').length === 8");
    browser.wait("document.querySelector('article.Failed') && document.querySelectorAll('#callbacks .Delivered').length");
    if let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) {
        return all(&browser, &folder);
    }
    let folder = root().join("docs/pictures");
    browser.resize(1240, 860);
    save(&browser, &folder.join("console.webp"))?;
    browser.resize(390, 844);
    browser.colours("dark");
    let _ = browser.eval("$('new').open = false;", &json!([]));
    save(&browser, &folder.join("console-narrow.webp"))
}

fn all(browser: &Browser, folder: &Path) -> Result<(), Box<dyn Error>> {
    for (name, width, height) in [("wide", 1240, 860), ("narrow", 390, 844)] {
        browser.resize(width, height);
        let _ = browser.eval("$('new').open = innerWidth > 900;", &json!([]));
        for colours in ["light", "dark"] {
            browser.colours(colours);
            for tab in TABS {
                let _ = browser.eval("choose(arguments[0]);", &json!([tab]));
                save(
                    browser,
                    &folder.join(format!("{name}-{colours}-{tab}.webp")),
                )?;
            }
        }
    }
    Ok(())
}

fn save(browser: &Browser, file: &Path) -> Result<(), Box<dyn Error>> {
    browser.wait("[...document.querySelectorAll('img')].every((image) => image.complete)");
    fs::write(file, browser.picture())?;
    println!("{}", file.display());
    Ok(())
}

/// Jobs that succeed and fail, a callback that needs two tries, a template, a fault and a refused call.
fn busy_day(served: &OnPort) -> Result<(), Box<dyn Error>> {
    let there = |builder: ci_client::ClientBuilder| builder.endpoint(served.url()).build();
    let client = there(client())?;
    served.wait(client.put_file("in/bikes.mp4", data("bikes.mp4")))?;
    served.wait(client.put_object("in/notes.mp4", "not a video"))?;
    let submit = |input: &str, cover: SmartCover, output: &str, data: &str, callback: &str| {
        let output = JobOutput::new(REGION, BUCKET, output);
        let operation = OperationRequest::inline(cover, output).user_data(UserData::new(data)?);
        let request = CreateJobRequest::smart_cover(input, operation).call_back(callback.into());
        let job = served.wait(client.create_job_with(request))?;
        let done = served.wait(client.wait(&job.job_id));
        // One of them fails, which is what it is for.
        drop(done);
        Ok::<_, Box<dyn Error>>(())
    };
    let three = SmartCover::new()
        .count(CoverCount::new(3)?)
        .width(Pixels::new(640)?);
    submit(
        "in/bikes.mp4",
        three.clone(),
        "covers/${jobid}/${number}.jpg",
        "order 16",
        "no",
    )?;
    submit(
        "in/notes.mp4",
        SmartCover::new(),
        "covers/${number}.jpg",
        "order 17",
        "no",
    )?;
    let five = SmartCover::new().count(CoverCount::new(5)?);
    submit(
        "in/bikes.mp4",
        five,
        "covers/bikes-${number}.jpg",
        "order 18",
        &receiver(&["503 Not Now", "200 OK"]),
    )?;
    let template = TemplateRequest::new(TemplateName::new("wide-three")?, three);
    served.wait(client.create_template(template))?;
    let stranger = client_with("wrong");
    drop(served.wait(there(stranger)?.get_object("covers/bikes-0.jpg")));
    served
        .engine
        .add_fault(Fault::new(Effect::LoseAnswer).operation("CreateJob").nth(4))?;
    Ok(())
}

fn client_with(secret: &str) -> ci_client::ClientBuilder {
    client().credentials(ci_client::Credentials::new(LOCAL_SECRET_ID, secret))
}
