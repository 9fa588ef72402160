//! Where a spec comes from: a file, standard input, a link, and fields on the command line.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Failure;
use crate::spec::link::Link;
use crate::spec::{Draft, MAX_TEXT_BYTES};

/// What `SPEC` may be, for `--help`.
pub const SPEC_HELP: &str = "A spec: a JSON file, - for standard input, or a link such as '#v=1&figure=intro'";

/// What `--set` takes, for `--help`.
pub const SET_HELP: &str = "Replace one field of the spec, such as density=0.1 or model='\"linear\"'; null removes it";

/// The fields of a spec, with those of `--set` laid over them. Without a source the latter are all there is.
pub fn draft(source: Option<&str>, sets: &[String]) -> Result<Draft, Failure> {
    let draft = match source {
        None => Draft::default(),
        Some("-") => Draft::from_json(&text_of("standard input", io::stdin().lock())?)?,
        Some(source) if is_link(source) => Draft::from_link(source)?,
        Some(path) => {
            let file = File::open(path).map_err(|error| Failure::io(path, &error))?;
            Draft::from_json(&text_of(path, file)?)?
        }
    };
    with_sets(draft, sets)
}

/// Lays the fields of `--set` over others, each at most once.
pub fn with_sets(mut draft: Draft, sets: &[String]) -> Result<Draft, Failure> {
    let mut seen = Vec::new();
    for set in sets {
        let malformed = || {
            Failure::Input(format!("--set: got {set}, expected field=JSON, such as density=0.1 or model='\"linear\"'"))
        };
        let (name, value) = set.split_once('=').ok_or_else(malformed)?;
        if seen.contains(&name) {
            return Err(Failure::Input(format!("--set: got {name} twice, expected each field once")));
        }
        seen.push(name);
        draft = draft.set(name, value).map_err(|error| match error {
            crate::Error::Json(_) => malformed(),
            other => other.into(),
        })?;
    }
    Ok(draft)
}

/// A file of the same name comes first, unless the text starts as only a link does.
fn is_link(source: &str) -> bool {
    source.starts_with(['#', '?'])
        || source.contains("://")
        || (!Path::new(source).exists() && !matches!(Link::decode(source), Ok(None)))
}

/// All of a source, which must be text no longer than a spec may be: a device or a pipe could go on for ever.
fn text_of(name: &str, source: impl Read) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    source.take(MAX_TEXT_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| Failure::io(name, &error))?;
    if bytes.len() > MAX_TEXT_BYTES {
        return Err(Failure::Input(format!(
            "{name}: longer than a spec may be, expected at most {MAX_TEXT_BYTES} bytes"
        )));
    }
    String::from_utf8(bytes).map_err(|_| Failure::Input(format!("{name}: not UTF-8, expected a JSON text")))
}
