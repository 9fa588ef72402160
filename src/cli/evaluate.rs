//! `superposition evaluate`: models from lines, their loss, gradient and measures to lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Write as _};

use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Failure;
use crate::report::ModelReport;
use crate::spec::{ExperimentSpec, ModelKind};

/// The longest line: the parameters of the largest model, with every digit, take some 90 MiB.
const MAX_LINE_BYTES: u64 = 256 << 20;

#[derive(Debug, Args)]
pub struct Arguments {
    /// A file of lines, or - for standard input [default: -]
    #[arg(value_name = "FILE")]
    file: Option<String>,
}

/// What is read of a line; other fields are ignored.
#[derive(Deserialize)]
struct Line<'a> {
    /// As text, so that it is read as strictly as any spec.
    #[serde(borrow)]
    spec: &'a RawValue,
    weights: Vec<Vec<f64>>,
    bias: Vec<f64>,
    #[serde(default)]
    decoder: Option<Vec<Vec<f64>>>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (name, mut reader): (&str, Box<dyn BufRead>) = match arguments.file.as_deref() {
        None | Some("-") => ("standard input", Box::new(io::stdin().lock())),
        Some(path) => {
            let file = File::open(path).map_err(|error| Failure::io(path, &error))?;
            (path, Box::new(BufReader::new(file)))
        }
    };
    let mut stdout = io::stdout().lock();
    let mut bytes = Vec::new();
    for number in 1.. {
        let refuse = |what: String| Failure::Input(format!("{name}: line {number}: {what}"));
        bytes.clear();
        (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes).map_err(|error| Failure::io(name, &error))?;
        if bytes.is_empty() {
            break;
        }
        if bytes.len() as u64 == MAX_LINE_BYTES {
            return Err(refuse(format!("longer than a model may be, expected less than {MAX_LINE_BYTES} bytes")));
        }
        let line = bytes.trim_ascii_end();
        if line.is_empty() {
            continue;
        }
        let line = str::from_utf8(line).map_err(|_| refuse("not UTF-8, expected a JSON object".into()))?;
        let report = evaluate(line).map_err(refuse)?;
        let text = serde_json::to_string(&report).expect("a report is plain data");
        let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
        written.map_err(|error| Failure::io("standard output", &error))?;
    }
    Ok(())
}

/// The report of one line, or what is wrong with it.
fn evaluate(line: &str) -> Result<ModelReport, String> {
    let Line { spec, weights, bias, decoder } =
        serde_json::from_str(line).map_err(|error| format!("not a model: {error}"))?;
    let spec = ExperimentSpec::from_json(spec.get()).map_err(|error| format!("spec: {error}"))?;
    let (n, m) = (spec.features, spec.hidden);
    if !spec.sweep.is_empty() {
        return Err(format!("spec.sweep: got {} axes, expected none: a line is one instance", spec.sweep.len()));
    }
    check_rows("weights", &weights, (m, "a hidden dimension"), (n, "a feature"))?;
    if bias.len() != n {
        return Err(format!("bias: got {} numbers, expected {n}, one a feature", bias.len()));
    }
    let decoder = match (spec.model, decoder) {
        (ModelKind::Absolute, Some(rows)) => {
            check_rows("decoder", &rows, (n, "a feature"), (m, "a hidden dimension"))?;
            rows.concat()
        }
        (ModelKind::Absolute, None) => return Err(format!("decoder: got nothing, expected {n} rows of {m} numbers")),
        (_, None) => Vec::new(),
        (kind, Some(_)) => {
            let kind = kind.name();
            return Err(format!("decoder: got a decoder, expected one only with model \"absolute\", not \"{kind}\""));
        }
    };
    Ok(ModelReport::of(&spec, &[weights.concat(), decoder, bias].concat()))
}

/// Refuses a matrix that has not so many rows, each with so many numbers.
fn check_rows(
    name: &str,
    rows: &[Vec<f64>],
    (n_rows, row): (usize, &str),
    (n_columns, column): (usize, &str),
) -> Result<(), String> {
    if rows.len() != n_rows {
        return Err(format!("{name}: got {} rows, expected {n_rows}, one {row}", rows.len()));
    }
    match rows.iter().position(|row| row.len() != n_columns) {
        Some(idx) => Err(format!("{name}[{idx}]: got {} numbers, expected {n_columns}, one {column}", rows[idx].len())),
        None => Ok(()),
    }
}
