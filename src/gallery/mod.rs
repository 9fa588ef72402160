//! The catalogue of figures (DESIGN.md section 5): each id's experiment, run to its end and made into a picture.
//!
//! A file an id, or a few ids of one kind. Each has a `make` that takes the resolved spec of the figure and a [`Lab`] to train in, and
//! gives a [`Still`]: panels of views, and the numbers that they show. The rooms above know nothing of ids; what the paper claims of
//! a figure is in `claims`.

mod absolute;
pub(crate) mod adversarial;
pub(crate) mod asymmetric;
mod basic;
pub(crate) mod dictionary;
mod intro;
pub(crate) mod learning;
mod live;
mod loss;
mod neurons;
pub(crate) mod perturb;
#[cfg(not(target_arch = "wasm32"))]
mod phase;
mod playground;
pub(crate) mod polytopes;
mod privileged;
pub(crate) mod sets;
mod source;
pub(crate) mod uniform;
pub(crate) mod without;

use serde_json::{Value, json};

use crate::error::Error;
use crate::figures::panels::Panels;
use crate::report::InstanceReport;
use crate::spec::ExperimentSpec;
use crate::sweep::{Lab, job_specs, n_jobs};

pub use live::{Live, Need};

/// A figure with its data, ready to be drawn or written.
pub struct Still {
    /// The picture.
    pub panels: Panels,
    data: Box<dyn Fn() -> Value>,
}

impl Still {
    /// A picture and what writes the numbers behind it: few ask for them, and nobody does on the way to the last picture. The page
    /// loads such code when it is called: it knows it by the name of the functions that make it, `raw_data` (xtask's `seldom.txt`).
    fn new(panels: Panels, data: impl Fn() -> Value + 'static) -> Self {
        Self { panels, data: Box::new(data) }
    }

    /// The numbers behind the picture, a JSON object.
    pub fn data(&self) -> Value {
        (self.data)()
    }

    /// What it shows, in words: the sentences of its panels, each once, as many as can be listened to.
    pub fn sentence(&self) -> String {
        const MOST: usize = 3;
        let mut sentences: Vec<String> = Vec::new();
        for panel in self.panels.panels.iter().filter(|panel| !panel.sentence.is_empty()) {
            let words = panel.sentence.trim_end_matches('.');
            // A few words alone say nothing without what they are about.
            let is_clause = panel.sentence.ends_with('.') || panel.title.is_empty();
            let sentence = if is_clause { format!("{words}.") } else { format!("{}: {words}.", panel.title) };
            if !sentences.contains(&sentence) {
                sentences.push(sentence);
            }
        }
        sentences.truncate(MOST);
        sentences.join(" ")
    }
}

/// Makes a figure's data from its spec.
pub type Make = fn(&ExperimentSpec, &dyn Lab) -> Result<Still, Error>;

/// Every figure that can be made, in the order of the catalogue.
///
/// The page makes the phase diagrams cell by cell (`sweep::PhaseGrid`), and does without the code that trains them in one go.
#[rustfmt::skip]
pub const FIGURES: &[(&str, Make)] = &[
    ("intro", intro::make),
    ("basic-small", basic::make),
    ("basic-large", basic::make),
    ("loss-terms", loss::make_terms),
    ("loss-surface", loss::make_surface),
    #[cfg(not(target_arch = "wasm32"))]
    ("phase-2-1", phase::make),
    #[cfg(not(target_arch = "wasm32"))]
    ("phase-3-2", phase::make),
    ("dimensions", uniform::make_dimensions),
    ("dimensionality", uniform::make_dimensionality),
    ("polytopes", polytopes::make),
    ("perturb", perturb::make),
    ("correlated", sets::make_planes),
    ("anticorrelated", sets::make_planes),
    ("local-bases", sets::make_local_bases),
    ("collapse", sets::make_collapse),
    ("energy-levels", learning::make_energy_levels),
    ("trajectories", learning::make_trajectories),
    ("adversarial", adversarial::make),
    ("privileged", privileged::make),
    ("absolute-small", absolute::make_small),
    ("absolute-large", absolute::make_large),
    ("asymmetric", asymmetric::make),
    ("without", without::make),
    ("dictionary", dictionary::make),
    ("playground", playground::make),
];

/// How a figure is made.
pub fn find(id: &str) -> Option<Make> {
    FIGURES.iter().find(|(name, _)| *name == id).map(|&(_, make)| make)
}

/// The data of a figure that shows trained models and nothing else.
fn raw_data(instances: Vec<InstanceReport>) -> impl Fn() -> Value {
    move || json!({ "instances": instances })
}

/// The specs of a figure's models, of which it can show so many.
fn models_of(spec: &ExperimentSpec, most: usize) -> Result<Vec<ExperimentSpec>, Error> {
    let n_models = n_jobs(spec);
    if n_models > most {
        return refuse("sweep", format!("{n_models} models"), format!("at most {most} in one picture"));
    }
    job_specs(spec)
}

/// Refuses a spec that the figure cannot show.
fn refuse<T>(field: &str, value: impl ToString, allowed: impl Into<String>) -> Result<T, Error> {
    Err(Error::Field { field: field.into(), value: value.to_string(), allowed: allowed.into() })
}
