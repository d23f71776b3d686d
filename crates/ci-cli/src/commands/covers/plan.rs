//! What a run will do, with everything refused that can be refused before a job exists.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ci_model::{CoverFormat, SmartCover};

use super::files;
use crate::args::{Connection, CoverOptions, Covers};
use crate::failure::Failure;

/// Where an input is and who works on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A file of this machine, for the embedded engine.
    File,
    /// An object of this bucket, for the service.
    Bucket(String),
}

impl Place {
    /// The word of `engine` in the JSON.
    pub(super) fn engine(&self) -> &'static str {
        match self {
            Self::File => "local",
            Self::Bucket(_) => "cloud",
        }
    }
}

/// One input.
#[derive(Clone, Debug)]
pub(super) struct Input {
    /// As the person wrote it.
    pub(super) shown: String,
    pub(super) path: PathBuf,
    pub(super) place: Place,
    /// The key of its object.
    pub(super) key: String,
    /// The name without folder and extension: covers are called after it.
    pub(super) stem: OsString,
    /// Why nothing is done about it.
    pub(super) refused: Option<Failure>,
}

/// A run.
pub(super) struct Plan {
    pub(super) inputs: Vec<Input>,
    pub(super) cover: SmartCover,
    pub(super) extension: &'static str,
    pub(super) out: PathBuf,
    /// Whether the reasons for each file are written too.
    pub(super) explain: bool,
    pub(super) wait: Option<Duration>,
    pub(super) connection: Connection,
}

impl Plan {
    pub(super) fn of(args: Covers) -> Result<Self, Failure> {
        let mut inputs = Vec::new();
        for (number, path) in args.inputs.iter().enumerate() {
            inputs.push(match Input::of(path, number) {
                // One bad name among many must not cost the others their covers.
                Err(refused) if args.inputs.len() > 1 => Input::refused(path, refused),
                input => input?,
            });
        }
        refuse_same_names(&inputs)?;
        files::check_writable(&args.out)?;
        let (cover, extension) = smart_cover(&args.options);
        Ok(Self {
            inputs,
            cover,
            extension,
            out: args.out,
            explain: args.explain,
            wait: args.wait_timeout,
            connection: args.connection,
        })
    }

    pub(super) fn needs_engine(&self) -> bool {
        self.inputs
            .iter()
            .any(|input| input.place == Place::File && input.refused.is_none())
    }

    /// The contact sheet.
    pub(super) fn sheet(&self) -> PathBuf {
        self.out.join("index.html")
    }
}

/// The parameters of the job, and the extension of its files.
pub(crate) fn smart_cover(options: &CoverOptions) -> (SmartCover, &'static str) {
    let (format, extension) = match options.format.as_deref() {
        Some("png") => (CoverFormat::Png, "png"),
        Some("webp") => (CoverFormat::Webp, "webp"),
        _ => (CoverFormat::Jpg, "jpg"),
    };
    let mut cover = SmartCover::new()
        .format(format)
        .delete_duplicates(options.dedupe);
    cover.count = options.count;
    cover.width = options.width;
    cover.height = options.height;
    (cover, extension)
}

impl Input {
    fn refused(path: &Path, why: Failure) -> Self {
        Self {
            shown: path.to_string_lossy().into_owned(),
            path: path.to_owned(),
            place: Place::File,
            key: String::new(),
            stem: OsString::new(),
            refused: Some(why),
        }
    }

    fn of(path: &Path, number: usize) -> Result<Self, Failure> {
        let shown = path.to_string_lossy().into_owned();
        let stem_of = |path: &Path| {
            path.file_stem()
                .map(OsString::from)
                .ok_or_else(|| Failure::bad_input(format!("{shown} names no file")))
        };
        if let Some(rest) = shown.strip_prefix("cos://") {
            let (bucket, key) = rest
                .split_once('/')
                .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
                .ok_or_else(|| {
                    Failure::bad_input(format!("{shown} is no object: write cos://BUCKET/KEY"))
                })?;
            let stem = stem_of(Path::new(key))?;
            return Ok(Self {
                path: path.to_owned(),
                place: Place::Bucket(bucket.into()),
                key: key.into(),
                stem,
                shown,
                refused: None,
            });
        }
        let refused =
            |why: &dyn std::fmt::Display| Failure::bad_input(format!("cannot read {shown}: {why}"));
        let file = File::open(path).map_err(|error| refused(&absent(&shown, &error)))?;
        let metadata = file.metadata().map_err(|error| refused(&error))?;
        if metadata.is_dir() {
            let why = format!("it is a folder: name the videos in it, as in {shown}/*.mp4");
            return Err(refused(&why));
        }
        if !metadata.is_file() {
            return Err(refused(&"it is not a file"));
        }
        let stem = stem_of(path)?;
        let name = path.file_name().unwrap_or_default();
        // The number keeps two files of one name from different folders apart in the engine's bucket.
        let key = format!("input/{number}/{}", key_text(name));
        Ok(Self {
            path: path.to_owned(),
            place: Place::File,
            key,
            stem,
            shown,
            refused: None,
        })
    }
}

/// Why a file cannot be opened, and what was probably meant.
fn absent(shown: &str, error: &std::io::Error) -> String {
    let meant = if shown.contains("://") {
        ": only files and cos://BUCKET/KEY are read, so download it first"
    } else if shown.contains(['*', '?']) {
        ": no file fits this pattern"
    } else {
        ""
    };
    format!("{error}{meant}")
}

/// Covers are called after their input, so two inputs of one stem would overwrite each other's.
fn refuse_same_names(inputs: &[Input]) -> Result<(), Failure> {
    let mut seen: HashMap<&OsString, &str> = HashMap::new();
    for input in inputs.iter().filter(|input| input.refused.is_none()) {
        if let Some(first) = seen.insert(&input.stem, &input.shown) {
            return Err(Failure::bad_input(format!(
                "{first} and {} would write covers of the same name: run them into different folders with --out",
                input.shown
            )));
        }
    }
    Ok(())
}

/// A file name as part of a key: no `${…}` that the service would expand, nothing that is not text.
pub(super) fn key_text(name: &std::ffi::OsStr) -> String {
    let text = name.to_string_lossy().replace("${", "_{");
    text.chars()
        .map(|c| if c.is_control() || c == '\\' { '_' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_told_from_a_file_by_its_scheme() {
        let input =
            Input::of(Path::new("cos://media-1250000000/in/a.b.mp4"), 0).expect("an object");
        assert_eq!(input.place, Place::Bucket("media-1250000000".into()));
        assert_eq!(
            (input.key.as_str(), input.stem.to_str()),
            ("in/a.b.mp4", Some("a.b"))
        );
        for wrong in ["cos://", "cos://bucket", "cos://bucket/", "cos:///key"] {
            assert_eq!(
                Input::of(Path::new(wrong), 0).expect_err(wrong).kind.exit(),
                2
            );
        }
    }

    #[test]
    fn a_folder_and_nothing_at_all_are_refused() {
        for wrong in ["/", "/definitely/not/here.mp4", ""] {
            assert_eq!(
                Input::of(Path::new(wrong), 0).expect_err(wrong).kind.exit(),
                2
            );
        }
    }

    #[test]
    fn inputs_of_one_stem_are_refused() {
        let input = |name: &str| Input::of(Path::new(name), 0).expect("an object");
        let both = [input("cos://b/x/a.mp4"), input("cos://b/y/a.mov")];
        assert!(
            refuse_same_names(&both)
                .expect_err("a refusal")
                .message
                .contains("--out")
        );
        assert!(refuse_same_names(&[input("cos://b/a.mp4"), input("cos://b/b.mp4")]).is_ok());
    }

    #[test]
    fn a_name_cannot_bring_wildcards_into_the_output_key() {
        assert_eq!(key_text("a${number}\n.mp4".as_ref()), "a_{number}_.mp4");
    }
}
