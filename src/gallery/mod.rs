//! The catalogue of figures (DESIGN.md section 5): each id's experiment, run to its end and made into a picture.
//!
//! A file an id, or a few ids of one kind. Each has a `make` that takes the resolved spec of the figure and a [`Lab`] to train in, and
//! gives the plain data of a [`crate::figures`] picture; the data draws and serializes itself. The rooms above know nothing of
//! ids; what the paper claims of a figure is in `claims`.

use crate::error::Error;
use crate::figures::Mode;
use crate::figures::svg::Picture;
use crate::spec::ExperimentSpec;
use crate::sweep::Lab;

/// A figure with its data, ready to be drawn or written.
pub trait Still {
    /// The picture as an SVG document of that width in CSS pixels.
    fn svg(&self, mode: Mode, width: u32) -> Picture;

    /// The data behind the picture.
    fn json(&self) -> serde_json::Value;
}

/// Makes a figure's data from its spec.
pub type Make = fn(&ExperimentSpec, &dyn Lab) -> Result<Box<dyn Still>, Error>;

/// Every figure that can be made, in the order of the catalogue.
pub const FIGURES: &[(&str, Make)] = &[];

/// How a figure is made.
pub fn find(id: &str) -> Option<Make> {
    FIGURES.iter().find(|(name, _)| *name == id).map(|&(_, make)| make)
}
