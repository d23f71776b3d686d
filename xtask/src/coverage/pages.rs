//! The pages of the API that concern jobs, their templates, queues and objects: what each is about.

/// One page of the service's documentation.
pub(super) struct Page {
    /// Product and number; several when the same call has a page of its own elsewhere.
    pub(super) number: &'static str,
    /// What it describes.
    pub(super) about: &'static str,
    /// The request, when it is a call.
    pub(super) line: &'static str,
    /// Why nothing of it is here; empty when it is.
    pub(super) absent: &'static str,
}

const fn here(number: &'static str, about: &'static str, line: &'static str) -> Page {
    Page {
        number,
        about,
        line,
        absent: "",
    }
}

const fn absent(
    number: &'static str,
    about: &'static str,
    line: &'static str,
    why: &'static str,
) -> Page {
    Page {
        number,
        about,
        line,
        absent: why,
    }
}

const BY_HAND: &str = "no type; `ci_core::Operation` can be implemented for it";

/// In the order of the table.
pub(super) const PAGES: &[Page] = &[
    here("460/84791", "create a SmartCover job", "POST /jobs"),
    here("460/84764", "several operations on one input", "POST /jobs"),
    here("460/84765", "describe jobs", "GET /jobs/<id>[,<id>…]"),
    here("460/84766", "list jobs", "GET /jobs"),
    here("1045/73112", "cancel a job", "PUT /jobs/<id>?cancel"),
    here(
        "460/84734",
        "create a SmartCover template",
        "POST /template",
    ),
    here("460/84755", "replace a template", "PUT /template/<id>"),
    here("460/84738", "delete a template", "DELETE /template/<id>"),
    here("460/84739", "list templates", "GET /template"),
    here("1045/72939", "list queues", "GET /queue"),
    here("1045/72940", "change a queue", "PUT /queue/<id>"),
    here("1045/72936", "open the media service", "POST /mediabucket"),
    here("1045/72937", "list buckets", "GET /mediabucket"),
    here(
        "1045/72938",
        "close the media service",
        "DELETE /mediabucket",
    ),
    here("1045/49522", "callbacks", ""),
    here("1045/49945", "structures of jobs and results", ""),
    here("1045/43611", "errors of CI", ""),
    here("436/7730", "errors of COS", ""),
    here("436/7778", "signature", ""),
    here("436/7749", "put an object", "PUT /<key>"),
    here("436/7753", "get an object", "GET /<key>"),
    here("436/7734", "list objects", "GET /"),
    here("436/84992", "names of templates", ""),
    absent(
        "598/CI",
        "permissions of CI",
        "",
        "names of permissions stand in docs/first-cover-in-the-cloud.md",
    ),
    absent("not known", "workflows", "POST /workflow, …", BY_HAND),
    absent(
        "not known",
        "batches over a bucket",
        "POST /inventorytriggerjob, …",
        BY_HAND,
    ),
    absent(
        "not known",
        "older families of jobs",
        "POST /pic_jobs, /ai_jobs, /asr_jobs, /doc_jobs, /file_jobs",
        BY_HAND,
    ),
    absent(
        "not known",
        "multipart uploads",
        "POST /<key>?uploads",
        "no type; a video over 5 GB needs another tool",
    ),
];

/// The page of each kind of job, where it is known.
pub(super) const TAGS: &[(&str, &str)] = &[
    ("SmartCover", "460/84791"),
    ("Transcode", "460/84790"),
    ("Snapshot", "460/84780"),
    ("Animation", "460/84784"),
    ("Concat", "460/84788"),
    ("VideoMontage", "460/84778"),
    ("VoiceSeparate", "460/84794"),
    ("VideoEnhance", "460/84775"),
    ("Watermark", "460/84781"),
    ("DigitalWatermark", "460/84785"),
    ("ExtractDigitalWatermark", "460/84786"),
    ("Segment", "460/84789"),
    ("StreamExtract", "460/84787"),
    ("MediaInfo", "460/84776"),
    ("QualityEstimate", "460/84783"),
    ("VideoTag", "460/84779"),
    ("VideoTargetRec", "460/84801"),
    ("SegmentVideoBody", "460/84802"),
    ("SplitVideoParts", "460/90888"),
    ("DNA", "460/96115"),
    ("PicProcess", "460/84793"),
    ("Translation", "460/84799"),
    ("WordsGeneralize", "460/84800"),
    ("SpeechRecognition", "460/84798"),
    ("Tts", "460/84797"),
    ("NoiseReduction", "460/84796"),
    ("SoundHound", "460/84795"),
    ("VocalScore", "460/96095"),
];
