//! The figures: plain data, a [`Theme`] and a [`Sheet`] on any surface in, a picture and the boxes of its texts out.
//!
//! Each figure has a file of its own (`arrows`, `phase`) and is generic over `plotters`' `DrawingBackend`, so that the
//! page's canvas and the SVG of the command line are drawn by the same code. What never moves is one function, the data
//! another, `draw` both. Every text that is drawn is given back as a [`TextBox`], for the tests that no label is
//! clipped, covered or pale, and every mark as a [`Spot`], for pointing at it. A view is plain data: [`Panels`] cross from a worker to the
//! page as bytes. Nothing here trains, measures a model or knows of a browser.

pub mod arrows;
mod axis;
mod boxes;
pub mod chart;
pub mod color;
mod compact;
pub mod geometry;
pub mod heatmap;
mod labels;
pub mod network;
pub mod panels;
pub mod phase;
mod series;
mod sheet;
pub mod solid;
pub mod spots;
pub mod stack;
pub mod surface;
pub mod svg;
mod text;
pub mod theme;
pub mod vector;

#[cfg(not(target_arch = "wasm32"))]
pub mod png;

pub use arrows::Arrows;
pub use boxes::{Box2, Point};
pub use panels::{Figure, Panel, Panels, View};
pub use phase::Phase;
pub use sheet::{Align, Drawn, Ink, Sheet, TextBox};
pub use spots::{Extent, Key, Spot};
pub use text::written;
pub use theme::{Mode, Surface, Theme, Tint};
