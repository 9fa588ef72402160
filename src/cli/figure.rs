//! `superposition figure`: a figure's experiment, run to its end and drawn as on the page, or written as numbers.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::jobs::{self, MAX_THREADS};
use super::threads::Threads;
use super::{Failure, interrupt, source};
use crate::figures::{Mode, png, svg};
use crate::gallery::{self, FIGURES, Still};
use crate::report::VERSION;
use crate::spec::link::Link;
use crate::spec::{Draft, ExperimentSpec, preset};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The figure; --list names them all
    #[arg(required_unless_present = "list")]
    id: Option<String>,

    #[arg(value_name = "SPEC", help = format!("{}, instead of the figure's own", source::SPEC_HELP))]
    spec_source: Option<String>,

    #[arg(long, value_name = "FIELD=JSON", help = source::SET_HELP)]
    set: Vec<String>,

    /// Write to a file ending in .svg, .png or .json [default: the picture as SVG, on standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Colours; "both" writes two files, with -light and -dark before the ending of the --out name
    #[arg(long, default_value = "light")]
    theme: Theme,

    /// Width in CSS pixels
    #[arg(long, value_name = "PX", default_value = "960", value_parser = clap::value_parser!(u32).range(200..=8000))]
    width: u32,

    /// Pixels of a PNG to a CSS pixel: two are sharp on paper and on fine screens
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u8).range(1..=4))]
    scale: u8,

    /// Threads, without which all processors are used; the results are the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_THREADS)))]
    threads: Option<u16>,

    /// List the figures
    #[arg(long, conflicts_with = "id")]
    list: bool,

    /// Print the figure's spec and run nothing
    #[arg(long, conflicts_with = "out")]
    spec: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Theme {
    Light,
    Dark,
    Both,
}

impl Theme {
    /// The modes to draw in, each with what its file's name gets.
    fn modes(self) -> &'static [(Mode, &'static str)] {
        match self {
            Theme::Light => &[(Mode::Light, "")],
            Theme::Dark => &[(Mode::Dark, "")],
            Theme::Both => &[(Mode::Light, "-light"), (Mode::Dark, "-dark")],
        }
    }
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Format {
    Svg,
    Png,
    Json,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(id) = &arguments.id else {
        return print(FIGURES.iter().map(|(id, _)| format!("{id}\n")).collect::<String>().as_bytes());
    };
    let make = gallery::find(id).ok_or_else(|| unknown(id))?;
    let draft = draft(id, arguments)?;
    if arguments.spec {
        return print(format!("{draft}\n").as_bytes());
    }
    let format = arguments.out.as_deref().map_or(Ok(Format::Svg), format)?;
    let modes = arguments.theme.modes();
    if modes.len() > 1 && (arguments.out.is_none() || format == Format::Json) {
        return Err(Failure::Input("--theme: got both, expected --out with a name that ends in .svg or .png".into()));
    }
    let spec = draft.check()?;
    let lab = Threads::for_figures(jobs::pool(arguments.threads)?);
    interrupt::begin()?;
    let still = make(&spec, &lab)?;
    for &(mode, suffix) in modes {
        let bytes = written(id, &spec, &still, format, (mode, arguments.width, arguments.scale))?;
        match &arguments.out {
            None => print(&bytes)?,
            Some(path) => {
                let path = named(path, suffix);
                std::fs::write(&path, bytes).map_err(|error| Failure::io(&path.display().to_string(), &error))?;
            }
        }
    }
    Ok(())
}

/// The path with something more before its ending.
fn named(path: &Path, suffix: &str) -> PathBuf {
    let (stem, end) = (path.file_stem().unwrap_or_default(), path.extension().unwrap_or_default());
    let mut name = stem.to_os_string();
    name.push(suffix);
    path.with_file_name(name).with_added_extension(end)
}

fn unknown(id: &str) -> Failure {
    let ids: Vec<&str> = FIGURES.iter().map(|(id, _)| *id).collect();
    Failure::Input(format!("figure: got {id}, expected one of {}", ids.join(", ")))
}

/// The format that a file's name asks for.
fn format(path: &Path) -> Result<Format, Failure> {
    match path.extension().and_then(|end| end.to_str()) {
        Some("svg") => Ok(Format::Svg),
        Some("png") => Ok(Format::Png),
        Some("json") => Ok(Format::Json),
        _ => {
            let message = format!("--out: got {}, expected a name that ends in .svg, .png or .json", path.display());
            Err(Failure::Input(message))
        }
    }
}

/// The file's content.
fn written(
    id: &str,
    spec: &ExperimentSpec,
    still: &Still,
    format: Format,
    (mode, width, scale): (Mode, u32, u8),
) -> Result<Vec<u8>, Failure> {
    if format == Format::Json {
        let whole = json!({ "figure": id, "spec": spec.to_json(), "data": still.data(), "version": VERSION });
        return Ok((whole.to_string() + "\n").into_bytes());
    }
    let svg = svg::render(mode, width, &still.panels).svg;
    match format {
        Format::Png => Ok(png::render(&svg, f32::from(scale))?),
        Format::Svg | Format::Json => Ok(svg.into_bytes()),
    }
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::io("standard output", &error))
}

/// The fields of the figure's preset, or of another spec, with those of `--set`.
fn draft(id: &str, arguments: &Arguments) -> Result<Draft, Failure> {
    let own = preset(id).ok_or_else(|| unknown(id))?;
    let Some(given) = arguments.spec_source.as_deref() else {
        return source::with_sets(Draft::from_json(own)?, &arguments.set);
    };
    if let Ok(Some(Link { figure: Some(other), .. })) = Link::decode(given)
        && other != id
    {
        return Err(Failure::Input(format!("figure: got a link to {other}, expected one to {id}")));
    }
    source::draft(Some(given), &arguments.set)
}
