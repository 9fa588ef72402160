//! `superposition figure`: a figure's experiment, run to its end and drawn as on the page.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rayon::prelude::*;

use super::jobs::{self, MAX_THREADS};
use super::progress::Progress;
use super::{Failure, interrupt, source};
use crate::figures::color::css;
use crate::figures::svg::{Panel, svg_intro, svg_phase};
use crate::figures::{self, Arrows, Mode, Phase, Surface};
use crate::measures::{Measures, sentence};
use crate::spec::link::Link;
use crate::spec::{Density, Draft, ExperimentSpec, PRESET_IDS, preset};
use crate::sweep::{PhaseGrid, n_jobs};

/// The most models that one picture shows side by side.
const MAX_PANELS: usize = 64;

/// Only the theme's colours are asked for, which no surface changes.
const VECTOR: Surface = Surface { units: 1.0, pixel: 1.0, raster: false };

#[derive(Debug, Args)]
pub struct Arguments {
    /// The figure; --list names them all
    #[arg(required_unless_present = "list")]
    id: Option<String>,

    #[arg(value_name = "SPEC", help = format!("{}, instead of the figure's own", source::SPEC_HELP))]
    spec_source: Option<String>,

    #[arg(long, value_name = "FIELD=JSON", help = source::SET_HELP)]
    set: Vec<String>,

    /// Write the picture to a file [default: standard output]
    #[arg(long, value_name = "FILE.svg")]
    out: Option<PathBuf>,

    /// Colours
    #[arg(long, default_value = "light")]
    theme: Theme,

    /// Width in CSS pixels
    #[arg(long, value_name = "PX", default_value = "960", value_parser = clap::value_parser!(u32).range(200..=8000))]
    width: u32,

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
}

impl From<Theme> for Mode {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::Light => Mode::Light,
            Theme::Dark => Mode::Dark,
        }
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(id) = &arguments.id else { return print(&(PRESET_IDS.join("\n") + "\n")) };
    let draft = draft(id, arguments)?;
    if arguments.spec {
        return print(&format!("{draft}\n"));
    }
    if let Some(path) = arguments.out.as_ref().filter(|path| path.extension().is_none_or(|end| end != "svg")) {
        return Err(Failure::Input(format!("--out: got {}, expected a name that ends in .svg", path.display())));
    }
    let spec = draft.check()?;
    let svg = match id.as_str() {
        "phase-2-1" => phase(&spec, arguments)?,
        _ => intro(&spec, arguments)?,
    };
    match &arguments.out {
        None => print(&svg),
        Some(path) => std::fs::write(path, svg).map_err(|error| Failure::io(&path.display().to_string(), &error)),
    }
}

fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::io("standard output", &error))
}

/// The fields of the figure's preset, or of another spec, with those of `--set`.
fn draft(id: &str, arguments: &Arguments) -> Result<Draft, Failure> {
    let unknown = || Failure::Input(format!("figure: got {id}, expected one of {}", PRESET_IDS.join(", ")));
    let own = preset(id).ok_or_else(unknown)?;
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

/// Every instance as a panel of arrows.
fn intro(spec: &ExperimentSpec, arguments: &Arguments) -> Result<String, Failure> {
    let n_panels = n_jobs(spec);
    if n_panels > MAX_PANELS {
        return Err(Failure::Input(format!(
            "sweep: got {n_panels} instances, expected at most {MAX_PANELS} in a picture"
        )));
    }
    // Whether they can be drawn at all, before they are trained.
    let cells = (0..spec.n_cells()).map(|idx| spec.cell(idx)).collect::<Result<Vec<_>, _>>()?;
    for cell in &cells {
        Arrows::new(cell.features, cell.hidden, &vec![0.0; cell.features * cell.hidden])?;
    }
    let pool = jobs::pool(arguments.threads)?;
    interrupt::begin()?;
    let (progress, all) = (Progress::new(n_panels), (0..n_panels).collect::<Vec<_>>());
    let mut models = vec![None; n_panels];
    let n_done = jobs::run_jobs(&pool, spec, &all, &progress, |job_idx, report| {
        models[job_idx] = Some(report.weights.clone());
        Ok(())
    });
    progress.end();
    if n_done? < n_panels {
        return Err(Failure::Interrupted("interrupted before the picture was done".into()));
    }
    let models: Vec<Model> = models
        .iter()
        .flatten()
        .enumerate()
        .map(|(idx, rows)| Model::new(&cells[idx / (n_panels / cells.len())], rows))
        .collect();
    let panels = models.iter().map(Model::panel).collect::<Result<Vec<_>, Failure>>()?;
    Ok(svg_intro(arguments.theme.into(), arguments.width, &panels).svg)
}

/// A trained model with the words of its panel.
struct Model {
    n_features: usize,
    n_hidden: usize,
    weights: Vec<f32>,
    title: String,
    sentence: String,
}

impl Model {
    fn new(spec: &ExperimentSpec, rows: &[Vec<f32>]) -> Self {
        let (n_features, n_hidden) = (spec.features, spec.hidden);
        let weights = rows.concat();
        let w: Vec<f64> = weights.iter().copied().map(f64::from).collect();
        let title = match &spec.density {
            // Sparsity S in percent, to a hundredth of one.
            Density::Uniform(p) => format!("{}% sparse", ((1.0 - p) * 1e4).round() / 1e2),
            Density::Each(_) => "Mixed densities".into(),
        };
        let sentence = sentence(&Measures::of(&w, n_features, n_hidden), n_features, n_hidden);
        Self { n_features, n_hidden, weights, title, sentence }
    }

    fn panel(&self) -> Result<Panel<'_>, Failure> {
        let arrows = Arrows::new(self.n_features, self.n_hidden, &self.weights)?;
        Ok(Panel { title: &self.title, sentence: &self.sentence, arrows })
    }
}

/// Theory and experiment side by side.
fn phase(spec: &ExperimentSpec, arguments: &Arguments) -> Result<String, Failure> {
    let grid = PhaseGrid::new(spec)?;
    let (rows, columns) = grid.size();
    let places = (0..rows * columns).map(|idx| place(spec, idx)).collect::<Result<Vec<_>, Failure>>()?;
    let theory: Vec<u8> = grid.theory()?.into_iter().map(|phase| phase as u8).collect();
    let pool = jobs::pool(arguments.threads)?;
    interrupt::begin()?;
    let progress = Progress::new(rows * columns);
    let trained = pool.install(|| {
        (0..rows * columns)
            .into_par_iter()
            .map(|cell_idx| {
                if interrupt::requested() {
                    return Err(Failure::Interrupted("interrupted before the picture was done".into()));
                }
                // Dropped when the cell is done, and its part of the bar is full.
                let _part = progress.part(spec, cell_idx);
                Ok(grid.train(cell_idx)?.phase as u8)
            })
            .collect::<Result<Vec<u8>, Failure>>()
    });
    progress.end();
    let trained = trained?;

    let (first, last) = (places[0], places[places.len() - 1]);
    let (importances, densities) = ((first.0, last.0), (first.1, last.1));
    let mode = arguments.theme.into();
    let gap = 24;
    let width = (arguments.width - gap) / 2;
    let mut pictures = Vec::new();
    for (title, classes) in [("Theory", &theory), ("Experiment", &trained)] {
        let figure = Phase::new(title, rows, columns, classes)?.with_names(true).with_ranges(importances, densities);
        pictures.push(svg_phase(mode, width, &figure).svg);
    }
    // Each picture is a document of its own, at its place in one that holds both.
    let (right, whole, height) = (width + gap, 2 * width + gap, width + 10);
    let right = pictures[1].replacen("<svg ", &format!("<svg x=\"{right}\" "), 1);
    let background = css(figures::Theme::new(mode, VECTOR).card);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"{height}\" \
         viewBox=\"0 0 {whole} {height}\">\n<rect width=\"{whole}\" height=\"{height}\" fill=\"{background}\"/>\n\
         {}\n{right}\n</svg>\n",
        pictures[0],
    ))
}

/// Relative importance and density of a cell, both above 0 as the diagram's scales are logarithmic.
fn place(spec: &ExperimentSpec, cell_idx: usize) -> Result<(f64, f64), Failure> {
    let cell = spec.cell(cell_idx)?;
    let importances = cell.importances();
    let relative = importances[1] / importances[0];
    if relative > 0.0 && relative.is_finite() {
        return Ok((relative, cell.densities()[0]));
    }
    let message =
        format!("importance: got {importances:?} in cell {cell_idx}, expected two numbers above 0 in a phase diagram");
    Err(Failure::Input(message))
}
