//! Picks covers of one video from the command line and writes `covers.json` beside them.

use std::{path::PathBuf, process::ExitCode};

use smart_cover::{Cancel, CoverError, Fit, Options, Picked, contact_sheet, pick};

fn main() -> ExitCode {
    match run() {
        Ok(picked) => {
            for cover in &picked.covers {
                println!(
                    "{:8.3} s  {:.3}  {}",
                    cover.time,
                    cover.score,
                    cover.file.display()
                );
            }
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Picked, Box<dyn std::error::Error>> {
    let (mut video, mut out, mut options, mut debug) =
        (PathBuf::new(), PathBuf::from("."), Options::new(), false);
    let mut explain: Option<PathBuf> = None;
    let mut words = std::env::args().skip(1);
    while let Some(flag) = words.next() {
        if flag == "--dedup" {
            options = options.delete_duplicates(true);
            continue;
        }
        if flag == "--debug" {
            debug = true;
            continue;
        }
        let value = words
            .next()
            .ok_or_else(|| format!("{flag} needs a value"))?;
        options = match flag.as_str() {
            "--in" => {
                video = value.into();
                options
            }
            "--out" => {
                out = value.into();
                options
            }
            "--count" => options.count(value.parse()?),
            "--width" => options.width(value.parse::<u32>()?),
            "--height" => options.height(value.parse::<u32>()?),
            "--format" => options.format(value.parse()?),
            "--explain" => {
                explain = Some(PathBuf::from(value));
                options.explain(true)
            }
            "--fit" => options.fit(match value.as_str() {
                "crop" => Fit::Crop,
                "pad" => Fit::Pad,
                _ => Fit::Stretch,
            }),
            "--threads" => options.threads(value.parse()?),
            other => return Err(format!("unknown flag {other}").into()),
        };
    }
    std::fs::create_dir_all(&out)?;
    let picked = pick(&video, &options, &out, &mut |_| {}, &Cancel::new())?;
    if let Some(page) = explain {
        std::fs::write(page, contact_sheet(&picked, &video.to_string_lossy()))?;
    }
    if debug {
        for c in &picked.candidates {
            let mark = c.cover.map_or_else(String::new, |n| format!("<-- {n}"));
            eprintln!(
                "{:8.3} s={:?} q={:.2} w={:.2} mean={:5.1} con={:5.1} det={:5.1} foc={:.2} even={:.2} {:?} {mark}",
                c.time,
                c.scene,
                c.quality,
                c.worth,
                c.mean,
                c.contrast,
                c.detail,
                c.focus,
                c.even,
                c.reasons
            );
        }
    }
    let entries: Vec<serde_json::Value> = picked
        .covers
        .iter()
        .map(|cover| serde_json::json!({ "file": cover.file.file_name().unwrap_or_default().to_string_lossy(), "t": cover.time, "score": cover.score }))
        .collect();
    std::fs::write(
        out.join("covers.json"),
        serde_json::to_vec_pretty(&entries)?,
    )
    .map_err(|source| CoverError::Io {
        doing: "cannot write",
        path: out,
        source,
    })?;
    Ok(picked)
}
