//! `cosci sign`: one signature for each request on stdin, with every step on demand.

use std::fmt::Write as _;
use std::io::Read as _;

use cos_sign::{Case, Credentials, Explanation, Validity};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::args::Sign;
use crate::connect::environment;
use crate::failure::{Failure, Kind};
use crate::output::{self, Output};

/// A window that starts a minute ago forgives a slow clock; ten minutes are enough for any call.
const SINCE: u64 = 60;
const LASTS: u64 = 600;

pub(crate) fn run(args: &Sign, output: Output) -> Result<u8, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::bad_input(format!("cannot read stdin: {error}")))?;
    let against = args
        .against
        .as_ref()
        .map(|file| Echo::read(file))
        .transpose()?;
    let cases = cases(&text)?;
    let several = cases.len() > 1;
    let mut exit = 0;
    for case in cases {
        match case.and_then(answer) {
            Ok(steps) => {
                output.either(
                    || document(&steps, against.as_ref()),
                    || text_of(&steps, args.explain, against.as_ref()),
                )?;
            }
            Err(failure) if several => {
                output.failure(&failure);
                exit = failure.kind.exit();
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(exit)
}

/// A document as it was read, or why it could not be.
type Read = Result<Map<String, Value>, Failure>;

/// The documents on stdin: one however it is laid out, or one a line.
fn cases(text: &str) -> Result<Vec<Read>, Failure> {
    let whole: Result<Vec<Map<String, Value>>, _> = serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect();
    match whole {
        Ok(cases) if cases.is_empty() => Err(Failure::bad_input(
            "stdin is empty: a request in JSON is wanted",
        )),
        Ok(cases) => Ok(cases.into_iter().map(Ok).collect()),
        // One broken line must not hide the others.
        Err(error) => {
            let lines: Vec<&str> = text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .collect();
            if lines.len() < 2
                || !lines
                    .iter()
                    .any(|line| serde_json::from_str::<Map<String, Value>>(line).is_ok())
            {
                return Err(unreadable(&error));
            }
            Ok(lines
                .into_iter()
                .map(|line| serde_json::from_str(line).map_err(|error| unreadable(&error)))
                .collect())
        }
    }
}

fn unreadable(error: &serde_json::Error) -> Failure {
    Failure::bad_input(format!(
        "the request is not the JSON that is wanted: {error}"
    ))
}

/// A request as the caller describes it.
#[derive(Deserialize)]
struct Described {
    method: String,
    url: String,
    #[serde(default)]
    headers: Option<Vec<(String, String)>>,
    secret_id: Option<String>,
    secret_key: Option<String>,
    token: Option<String>,
    sign_time: Option<(u64, u64)>,
    key_time: Option<(u64, u64)>,
    signed_headers: Option<Vec<String>>,
    signed_params: Option<Vec<String>>,
    #[serde(default)]
    presign: Option<bool>,
}

const FIELDS: [&str; 11] = [
    "method",
    "url",
    "headers",
    "secret_id",
    "secret_key",
    "token",
    "sign_time",
    "key_time",
    "signed_headers",
    "signed_params",
    "presign",
];

fn answer(fields: Map<String, Value>) -> Result<Explanation, Failure> {
    for name in fields
        .keys()
        .filter(|name| !FIELDS.contains(&name.as_str()))
    {
        output::note(&format!(
            "cosci: the field {name:?} is not known and was ignored"
        ));
    }
    let described: Described =
        serde_json::from_value(Value::Object(fields)).map_err(|error| unreadable(&error))?;
    let window = |(start, end)| {
        Validity::new(start, end).map_err(|error| Failure::chain(Kind::BadInput, &error))
    };
    let sign_time = match described.sign_time {
        Some(pair) => window(pair)?,
        None => from_now()?,
    };
    let mut case = Case::new(described.method, described.url, sign_time);
    case.headers = described.headers.unwrap_or_default();
    case.key_time = described.key_time.map(window).transpose()?;
    case.signed_headers = described.signed_headers;
    case.signed_params = described.signed_params;
    case.presign = described.presign.unwrap_or(false);
    let credentials = credentials(described.secret_id, described.secret_key, described.token)?;
    case.explain(&credentials)
        .map_err(|error| Failure::chain(Kind::BadInput, &error))
}

fn from_now() -> Result<Validity, Failure> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now
        .map_err(|_| Failure::other("the clock of this machine stands before 1970"))?
        .as_secs();
    Validity::new(now.saturating_sub(SINCE), now + LASTS)
        .map_err(|error| Failure::chain(Kind::Other, &error))
}

/// What the document says, and the environment for what it does not.
///
/// A token belongs to its key: that of the environment never joins a key of the document.
fn credentials(
    id: Option<String>,
    key: Option<String>,
    token: Option<String>,
) -> Result<Credentials, Failure> {
    let (id, key, token) = match (id, key) {
        (Some(id), Some(key)) => (id, key, token),
        (id, key) => {
            let own = id.is_some() || key.is_some();
            let id = id.or_else(|| environment("TENCENTCLOUD_SECRET_ID"));
            let key = key.or_else(|| environment("TENCENTCLOUD_SECRET_KEY"));
            let token = token.or_else(|| environment("TENCENTCLOUD_TOKEN").filter(|_| !own));
            let missing = || {
                Failure::bad_input(
                    "no secret_id and secret_key in the request, and none in TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY",
                )
            };
            (id.ok_or_else(missing)?, key.ok_or_else(missing)?, token)
        }
    };
    let credentials = Credentials::new(id, key);
    Ok(match token.filter(|token| !token.is_empty()) {
        Some(token) => credentials.with_token(token),
        None => credentials,
    })
}

fn document(steps: &Explanation, against: Option<&Echo>) -> Value {
    let mut value = json!({
        "authorization": steps.authorization,
        "header_list": steps.header_list,
        "url_param_list": steps.url_param_list,
        "http_string": steps.http_string,
        "string_to_sign": steps.string_to_sign,
        "signature": steps.signature,
        "headers": steps.headers,
        "url": steps.url,
    });
    if let Some(echo) = against {
        value["first_difference"] = json!(echo.diagnose(steps));
    }
    value
}

/// The lines to add to the request, in the form that `curl -H @-` takes; before them, on demand, the steps.
fn text_of(steps: &Explanation, explain: bool, against: Option<&Echo>) -> String {
    let mut text = String::new();
    if explain {
        let _ = writeln!(text, "q-header-list     {}", steps.header_list);
        let _ = writeln!(text, "q-url-param-list  {}", steps.url_param_list);
        let theirs =
            |pick: fn(&Echo) -> &Option<String>| against.and_then(|echo| pick(echo).as_deref());
        lines(
            &mut text,
            "HttpString",
            &steps.http_string,
            theirs(|echo| &echo.format_string),
        );
        lines(
            &mut text,
            "StringToSign",
            &steps.string_to_sign,
            theirs(|echo| &echo.string_to_sign),
        );
        let _ = writeln!(text, "q-signature       {}", steps.signature);
        if let Some(echo) = against {
            let _ = writeln!(text, "First difference  {}", echo.diagnose(steps));
        }
        text.push('\n');
    }
    for (name, value) in &steps.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    if let Some(url) = &steps.url {
        let _ = writeln!(text, "{url}");
    }
    text
}

/// A string line by line; where the server has another line, it stands below.
fn lines(text: &mut String, name: &str, ours: &str, theirs: Option<&str>) {
    let _ = writeln!(text, "{name}");
    let ours: Vec<&str> = ours
        .strip_suffix('\n')
        .unwrap_or(ours)
        .split('\n')
        .collect();
    let server: Vec<&str> = theirs.map_or_else(Vec::new, |theirs| theirs.lines().collect());
    let count = if theirs.is_some() {
        ours.len().max(server.len())
    } else {
        ours.len()
    };
    for number in 0..count {
        let (own, other) = (ours.get(number), server.get(number));
        let _ = writeln!(text, "  {} {}", number + 1, own.unwrap_or(&"(nothing)"));
        // A server may leave out empty lines at the end.
        if theirs.is_some()
            && own.copied().unwrap_or_default() != other.copied().unwrap_or_default()
        {
            let _ = writeln!(text, "  the server: {}", other.unwrap_or(&"(nothing)"));
        }
    }
}

/// What a server says that it signed.
struct Echo {
    format_string: Option<String>,
    string_to_sign: Option<String>,
}

impl Echo {
    fn read(file: &std::path::Path) -> Result<Self, Failure> {
        let bytes = super::input(Some(file))?;
        let error: ci_model::ErrorDocument =
            ci_model::from_xml(&bytes).map_err(|error| Failure::chain(Kind::BadInput, &error))?;
        let echo = Self {
            format_string: error.format_string,
            string_to_sign: error.string_to_sign,
        };
        if echo.format_string.is_none() && echo.string_to_sign.is_none() {
            return Err(Failure::bad_input(format!(
                "{} has neither FormatString nor StringToSign",
                file.display()
            )));
        }
        Ok(echo)
    }

    /// Where the server's strings first differ from ours.
    fn diagnose(&self, steps: &Explanation) -> String {
        let (format, to_sign) = (
            self.format_string.as_deref(),
            self.string_to_sign.as_deref(),
        );
        steps.diagnose(format, to_sign).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = r#"{"method":"POST","url":"http://h/jobs","secret_id":"i","secret_key":"k","sign_time":[1,2]}"#;

    fn signed(text: &str) -> Result<Explanation, Failure> {
        cases(text)?.remove(0).and_then(answer)
    }

    #[test]
    fn one_document_may_stand_on_many_lines_and_many_on_one_each() {
        let pretty = CASE.replace(',', ",\n");
        assert_eq!(cases(&pretty).expect("one").len(), 1);
        let broken = format!("{CASE}\n{{\n{CASE}\n");
        let read: Vec<bool> = cases(&broken)
            .expect("three")
            .iter()
            .map(Result::is_ok)
            .collect();
        assert_eq!(read, [true, false, true]);
    }

    #[test]
    fn nothing_and_nonsense_are_refused() {
        for text in ["", "\n", "hello", "[1]", "{}{", "{\"method\":1}"] {
            assert_eq!(signed(text).expect_err(text).kind.exit(), 2, "{text}");
        }
    }

    #[test]
    fn another_key_window_is_refused() {
        let other = CASE.replace("\"sign_time\"", "\"key_time\":[1,3],\"sign_time\"");
        assert_eq!(signed(&other).expect_err("windows").kind, Kind::BadInput);
        let same = CASE.replace("\"sign_time\"", "\"key_time\":[1,2],\"sign_time\"");
        assert_eq!(
            signed(&same).expect("same").signature,
            signed(CASE).expect("none").signature
        );
    }

    #[test]
    fn the_servers_lines_stand_below_ours_where_they_differ() {
        let steps = signed(CASE).expect("signed");
        let echo = Echo {
            format_string: Some(steps.http_string.replace("/jobs", "/job")),
            string_to_sign: None,
        };
        let text = text_of(&steps, true, Some(&echo));
        assert!(
            text.contains("  2 /jobs\n  the server: /job\n  3 \n  4 host=h\n"),
            "{text}"
        );
        assert!(text.contains("line 2 (path)"), "{text}");
        let same = Echo {
            format_string: Some(steps.http_string.clone()),
            string_to_sign: None,
        };
        assert!(!text_of(&steps, true, Some(&same)).contains("the server:"));
    }

    #[test]
    fn the_answer_has_every_key_of_the_contract() {
        let value = document(&signed(CASE).expect("signed"), None);
        let mut keys: Vec<&str> = value
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            [
                "authorization",
                "header_list",
                "headers",
                "http_string",
                "signature",
                "string_to_sign",
                "url",
                "url_param_list"
            ]
        );
        assert_eq!(value["headers"][0][0], "Authorization");
        assert!(value["url"].is_null());
    }
}
