//! What a figure is, and several of them as titled panels in rows.
//!
//! A [`Figure`] knows how high it wants to be at a width and draws itself into a box of a sheet. The views (charts, heat
//! maps, solids, …) are figures of plain data; [`View`] is any of them, and [`Panels`] puts several into rows, each with
//! a title and a sentence, one legend above all. The number of columns falls as the picture narrows, down to one on a
//! phone. Everything is laid out by [`super::text`]'s widths, so a height is the same on every surface.

use super::arrows::Plane;
use super::boxes::{Box2, Point};
use super::chart::Chart;
use super::geometry::Geometry;
use super::heatmap::Heatmap;
use super::network::{Motif, Network};
use super::phase::Diagram;
use super::sheet::{Align, Sheet};
use super::solid::Solid;
use super::spots::Key;
use super::stack::Stack;
use super::surface::Field;
use super::text::{text_width, wrap, wrap_in};
use super::theme::{Theme, Tint};
use crate::error::Error;
use crate::wire;
use plotters::backend::DrawingBackend;
use serde::{Deserialize, Serialize};

/// Space between columns, and between rows, of panels.
const GUTTER: (f64, f64) = (26.0, 24.0);
/// The greatest width of a panel that has a row to itself.
pub const MOST_WIDE: f64 = 1040.0;
/// From line to line of a sentence.
const LEADING: f64 = 1.35 * Theme::TICK;
/// Height of a title's last line with the space below it, and from line to line of it.
const TITLE_HEIGHT: f64 = 22.0;
const TITLE_LEADING: f64 = 1.3 * Theme::TITLE;
/// Height of a row of a legend.
const LEGEND_ROW: f64 = 20.0;
/// Width of a legend's swatch, and from it to its text.
const SWATCH: (f64, f64) = (16.0, 6.0);
/// Between the entries of a legend.
const LEGEND_GAP: f64 = 16.0;

/// The first byte of a picture as bytes; raised whenever the layout after it changes.
const VERSION: u8 = 2;

/// A picture that knows its height and draws itself into a box.
pub trait Figure {
    /// The height that it wants at that width, both in CSS pixels.
    fn height(&self, width: f64) -> f64;

    /// Draws it into `place`; the background is already there.
    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2);

    /// What a mark shows, in words; empty for one that it has not.
    fn tell(&self, _key: Key) -> String {
        String::new()
    }
}

/// Any of the views.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum View {
    /// Lines and points on two axes.
    Chart(Chart),
    /// A signed matrix.
    Heatmap(Heatmap),
    /// Weights stacked neuron by neuron.
    Stack(Stack),
    /// Inputs, neurons and outputs with their weights.
    Network(Network),
    /// Two neurons with their weights written.
    Motif(Motif),
    /// Points and edges in space.
    Solid(Solid),
    /// Features as nodes, grouped by tegum factor.
    Geometry(Geometry),
    /// A scalar field with contours and paths.
    Surface(Field),
    /// Columns of W in the plane.
    Plane(Plane),
    /// Regions of a phase diagram.
    Diagram(Diagram),
}

/// Calls one method on whatever the view is.
macro_rules! each_view {
    ($view:expr, $inner:ident => $call:expr) => {
        match $view {
            View::Chart($inner) => $call,
            View::Heatmap($inner) => $call,
            View::Stack($inner) => $call,
            View::Network($inner) => $call,
            View::Motif($inner) => $call,
            View::Solid($inner) => $call,
            View::Geometry($inner) => $call,
            View::Surface($inner) => $call,
            View::Plane($inner) => $call,
            View::Diagram($inner) => $call,
        }
    };
}

impl Figure for View {
    fn height(&self, width: f64) -> f64 {
        each_view!(self, view => view.height(width))
    }

    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        let first = sheet.spots().len();
        each_view!(self, view => view.draw_in(sheet, theme, place));
        sheet.outline_lit(first, theme);
    }

    fn tell(&self, key: Key) -> String {
        each_view!(self, view => view.tell(key))
    }
}

impl View {
    /// What kind of view it is, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            View::Chart(_) => "chart",
            View::Heatmap(_) => "heatmap",
            View::Stack(_) => "stack",
            View::Network(_) => "network",
            View::Motif(_) => "motif",
            View::Solid(_) => "solid",
            View::Geometry(_) => "geometry",
            View::Surface(_) => "surface",
            View::Plane(_) => "plane",
            View::Diagram(_) => "diagram",
        }
    }

    /// How many features it knows of: one more than the greatest index, 0 where it knows of none.
    pub fn n_features(&self) -> usize {
        let past = |greatest: Option<usize>| greatest.map_or(0, |idx| idx + 1);
        match self {
            View::Chart(chart) => {
                let sources =
                    chart.series.iter().flat_map(|series| &series.sources).filter_map(|source| source.feature);
                past(sources.chain(chart.series.iter().filter_map(|series| series.feature)).max())
            }
            View::Heatmap(map) => past(map.row_features.iter().chain(&map.column_features).copied().max()),
            View::Stack(stack) => stack.tints.len(),
            View::Network(network) => network.tints.len(),
            View::Motif(motif) => past(motif.ids.iter().copied().max()),
            View::Solid(solid) => solid.points.len(),
            View::Geometry(geometry) => {
                past(geometry.factors.iter().flat_map(|factor| &factor.features).copied().max())
            }
            View::Plane(plane) => plane.n_features,
            View::Surface(_) | View::Diagram(_) => 0,
        }
    }

    /// Turns a solid by angles in radians; whether it can be turned.
    pub fn turn(&mut self, yaw: f64, pitch: f64) -> bool {
        match self {
            View::Solid(solid) => {
                solid.turn(yaw, pitch);
                true
            }
            _ => false,
        }
    }
}

/// A view with its words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// What it is; empty for none.
    pub title: String,
    /// What it shows, under the title; empty for none.
    pub sentence: String,
    /// The view.
    pub view: View,
    /// Whether it has a row to itself, up to [`MOST_WIDE`] wide.
    pub wide: bool,
    /// The instance that all of it shows, in the order of the reports.
    pub job: Option<usize>,
}

impl Panel {
    /// A view under a title and a sentence.
    pub fn new(title: impl Into<String>, sentence: impl Into<String>, view: View) -> Self {
        Self { title: title.into(), sentence: sentence.into(), view, wide: false, job: None }
    }

    /// The same in a row of its own.
    pub fn in_own_row(self) -> Self {
        Self { wide: true, ..self }
    }

    /// The same as the picture of an instance.
    pub fn of_job(self, job: usize) -> Self {
        Self { job: Some(job), ..self }
    }

    /// The title as it is broken at a width.
    fn title_lines(&self, width: f64) -> Vec<String> {
        wrap_in(&self.title, width, Theme::TITLE, true)
    }

    /// Height of title and sentence.
    fn words_height(&self, width: f64) -> f64 {
        let titles = self.title_lines(width).len() as f64;
        let title = if titles > 0.0 { TITLE_HEIGHT + (titles - 1.0) * TITLE_LEADING } else { 0.0 };
        let lines = wrap(&self.sentence, width, Theme::TICK).len() as f64;
        title + lines * LEADING + if lines > 0.0 { 8.0 } else { 0.0 }
    }
}

/// Panels in rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Panels {
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// The least width of a panel, as long as more than one stands in a row.
    pub min_width: f64,
    /// The most panels in a row.
    pub max_columns: usize,
    /// Panels that stay side by side where more than one stands in a row: 2 for pairs.
    pub group: usize,
    /// What colours mean, above all panels.
    pub legend: Vec<(String, Tint)>,
}

/// Where a panel lies: its words, then its view.
#[derive(Debug, Clone, Copy)]
struct Slot {
    words: Point,
    view: Box2,
}

impl Panels {
    /// Panels of at least `min_width`, at most `max_columns` in a row, without a legend.
    pub fn new(panels: Vec<Panel>, min_width: f64, max_columns: usize) -> Self {
        Self { panels, min_width, max_columns, group: 1, legend: Vec::new() }
    }

    /// The same with rows of whole groups of so many panels, wherever there is room for a group.
    pub fn in_groups_of(self, group: usize) -> Self {
        Self { group: group.max(1), ..self }
    }

    /// The same with a legend.
    pub fn with_legend(self, legend: Vec<(String, Tint)>) -> Self {
        Self { legend, ..self }
    }

    /// The picture as bytes, to cross from a worker to the page.
    pub fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(VERSION, self)
    }

    /// The picture of such bytes.
    ///
    /// # Errors
    /// [`Error::Snapshot`] for bytes of another version, or that do not decode.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        wire::from_bytes("picture", VERSION, bytes)
    }

    /// The slots at a width, and the height of all.
    fn layout(&self, width: f64) -> (Vec<Slot>, f64) {
        let count = self.panels.iter().filter(|panel| !panel.wide).count().max(1);
        let fitting = ((width + GUTTER.0) / (self.min_width + GUTTER.0)).floor().max(1.0) as usize;
        let most = fitting.min(self.max_columns.max(1)).min(count);
        let most = if most < self.group { most } else { most - most % self.group };
        // As many rows as needed, then as few columns as those rows need: seven in four columns are 4 + 3, not 4 + 2 + 1.
        let columns = count.div_ceil(count.div_ceil(most));
        let columns = if most < self.group { columns } else { columns.next_multiple_of(self.group) };
        let column_width = ((width - (columns - 1) as f64 * GUTTER.0) / columns as f64).max(1.0);
        let mut slots = Vec::with_capacity(self.panels.len());
        let mut y = legend_height(&self.legend, width);
        let mut left = &self.panels[..];
        while let Some(first) = left.first() {
            if !slots.is_empty() {
                y += GUTTER.1;
            }
            let beside = left.iter().take(columns).take_while(|panel| !panel.wide).count();
            let (row, rest) = left.split_at(if first.wide { 1 } else { beside });
            left = rest;
            let panel_width = if first.wide { width.min(MOST_WIDE) } else { column_width };
            let words = row.iter().map(|panel| panel.words_height(panel_width)).fold(0.0, f64::max);
            let body = row.iter().map(|panel| panel.view.height(panel_width)).fold(0.0, f64::max);
            for column in 0..row.len() {
                let x = column as f64 * (column_width + GUTTER.0);
                let view = Box2 { x, y: y + words, width: panel_width, height: body };
                slots.push(Slot { words: (x, y), view });
            }
            y += words + body;
        }
        (slots, y)
    }
}

impl Figure for Panels {
    fn height(&self, width: f64) -> f64 {
        self.layout(width).1
    }

    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        draw_legend(sheet, theme, &self.legend, place, |sheet, idx, swatch| {
            let square = Box2::around(swatch.centre(), 10.0, 10.0);
            sheet.fill(&square, theme.tint(self.legend[idx].1));
            // One of them is hardly darker than the card.
            let is_region = matches!(self.legend[idx].1, Tint::Region(_));
            if is_region {
                sheet.frame(&square, Theme::HAIRLINE, theme.faint);
            }
        });
        let (slots, _) = self.layout(place.width);
        for (panel, slot) in self.panels.iter().zip(slots) {
            let (x, mut y) = (place.x + slot.words.0, place.y + slot.words.1);
            let titles = panel.title_lines(slot.view.width);
            for (line_idx, line) in titles.iter().enumerate() {
                sheet.text(line, (x, y + 9.0), Align::Left, &theme.strong(Theme::TITLE));
                y += if line_idx + 1 < titles.len() { TITLE_LEADING } else { TITLE_HEIGHT };
            }
            for (line_idx, line) in wrap(&panel.sentence, slot.view.width, Theme::TICK).iter().enumerate() {
                let at = (x, y + (line_idx as f64 + 0.5) * LEADING);
                sheet.text(line, at, Align::Left, &theme.plain(Theme::TICK));
            }
            let view = Box2 { x: place.x + slot.view.x, y: place.y + slot.view.y, ..slot.view };
            panel.view.draw_in(sheet, theme, &view);
        }
    }
}

/// The left end of each entry of a legend and its row.
fn legend_places(legend: &[(String, Tint)], width: f64) -> Vec<(f64, usize)> {
    let (mut x, mut row) = (0.0, 0);
    legend
        .iter()
        .map(|(name, _)| {
            let entry = SWATCH.0 + SWATCH.1 + text_width(name, Theme::TICK, false);
            if x > 0.0 && x + entry > width {
                (x, row) = (0.0, row + 1);
            }
            let place = (x, row);
            x += entry + LEGEND_GAP;
            place
        })
        .collect()
}

/// The height of a legend with the space below it; 0 for none.
pub(super) fn legend_height(legend: &[(String, Tint)], width: f64) -> f64 {
    legend_places(legend, width).last().map_or(0.0, |&(_, row)| (row + 1) as f64 * LEGEND_ROW + 8.0)
}

/// Draws a legend along the upper edge of `place`, each entry's swatch by `swatch` from its index and box.
pub(super) fn draw_legend<DB: DrawingBackend>(
    sheet: &mut Sheet<DB>,
    theme: &Theme,
    legend: &[(String, Tint)],
    place: &Box2,
    mut swatch: impl FnMut(&Sheet<DB>, usize, &Box2),
) {
    for (idx, ((name, _), (x, row))) in legend.iter().zip(legend_places(legend, place.width)).enumerate() {
        let (x, y) = (place.x + x, place.y + (row as f64 + 0.5) * LEGEND_ROW);
        // On whole pixels, as are its frame's.
        swatch(sheet, idx, &Box2 { x: sheet.edge(x), y: sheet.edge(y - 5.0), width: SWATCH.0, height: 10.0 });
        sheet.text(name, (x + SWATCH.0 + SWATCH.1, y), Align::Left, &theme.plain(Theme::TICK));
    }
}
