//! `Picture`: a figure of the gallery on the page, drawn panel by panel from the bytes that a worker sent.
//!
//! A panel has a canvas of its own; its title and its sentence are the page's. What was drawn last is remembered with the places of its
//! marks, so that pointing asks no view to be drawn again.

use super::canvas::surface;
use super::pen::Pen;
use super::surface::{failed, finished, mode};
use super::thrown;
use crate::error::Error;
use crate::figures::arrows::Plane;
use crate::figures::panels::Panel;
use crate::figures::phase::{Diagram, REGION_NAMES};
use crate::figures::spots::{self, Spot};
use crate::figures::{Box2, Figure, Panels, Sheet, Surface, Theme, View, color, svg};
use crate::number::shortest;
use crate::spec::json_text;
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::HtmlCanvasElement;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r##"
/** What the page must know of a panel; {@link Picture.panel} gives it as JSON. */
export interface PicturePanel {
  title: string;
  sentence: string;
  /** Whether it has a row to itself. */
  wide: boolean;
  kind:
    | "chart" | "heatmap" | "stack" | "network" | "motif" | "solid" | "geometry" | "surface" | "plane" | "diagram";
  turnable: boolean;
  /** One more than the greatest index of a feature; 0 where the view knows of none. */
  feature_count: number;
}

/** How panels stand in rows; {@link Picture.layout} gives it as JSON. */
export interface PictureLayout {
  /** The least width of a panel in CSS pixels, as long as more than one stands in a row. */
  minWidth: number;
  maxColumns: number;
  /** Panels that stay side by side: 2 for pairs. */
  group: number;
}

/** A mark of a panel; {@link Picture.hit} and {@link Picture.marks} give it as JSON. */
export interface PictureMark {
  /** Its numbers in words. */
  label: string;
  /** The index of its feature, from 0. */
  feature: number | null;
  /** CSS pixels from the upper left corner of the canvas. */
  x: number;
  y: number;
  /** The index of the instance behind it. */
  job: number | null;
}
"##;

/// An entry of the legend, as it crosses.
#[derive(Serialize)]
struct Entry {
    name: String,
    color: String,
}

/// `PictureLayout`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    min_width: f64,
    max_columns: usize,
    group: usize,
}

/// `PicturePanel`.
#[derive(Serialize)]
struct PanelWords<'a> {
    title: &'a str,
    sentence: &'a str,
    wide: bool,
    kind: &'static str,
    turnable: bool,
    feature_count: usize,
}

/// `PictureMark`.
#[derive(Serialize)]
struct Mark {
    label: String,
    feature: Option<u32>,
    x: f64,
    y: f64,
    job: Option<usize>,
}

/// The most marks in a list.
const MOST_MARKS: usize = 400;

/// Where a panel's marks lay when it was drawn last.
#[derive(Default)]
struct Last {
    size: (f64, f64),
    spots: Vec<Spot>,
}

/// A figure of the gallery, to be drawn on canvases.
#[wasm_bindgen]
pub struct Picture {
    panels: Panels,
    last: Vec<Last>,
}

#[wasm_bindgen]
impl Picture {
    /// The picture that a worker's `Gallery` gave as bytes.
    ///
    /// @throws {Error} for bytes of another version, or damaged ones
    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(bytes: &[u8]) -> Result<Picture, js_sys::Error> {
        let panels = Panels::from_bytes(bytes).map_err(thrown)?;
        let last = panels.panels.iter().map(|_| Last::default()).collect();
        Ok(Self { panels, last })
    }

    /// A picture without panels, for files of figures that the page lays out itself. Panels are at least `minWidth` CSS pixels wide,
    /// at most `maxColumns` stand in a row.
    pub fn empty(
        #[wasm_bindgen(js_name = minWidth)] min_width: f64,
        #[wasm_bindgen(js_name = maxColumns)] max_columns: usize,
    ) -> Picture {
        Self { panels: Panels::new(Vec::new(), min_width, max_columns), last: Vec::new() }
    }

    /// Adds a model's columns as arrows. `weights` is `[hidden][features]`; hidden is 1 or 2.
    #[wasm_bindgen(js_name = addArrows)]
    pub fn add_arrows(&mut self, title: &str, sentence: &str, features: usize, weights: Vec<f32>) {
        self.add(Panel::new(title, sentence, View::Plane(Plane::new(features, weights))));
    }

    /// Adds a phase diagram; `names` asks for those of the regions, the rest is as in `drawPhase`.
    #[wasm_bindgen(js_name = addDiagram)]
    #[allow(clippy::too_many_arguments, reason = "a flat call is what JavaScript can make without building an object")]
    pub fn add_diagram(
        &mut self,
        title: &str,
        sentence: &str,
        rows: usize,
        columns: usize,
        classes: Vec<u8>,
        names: bool,
        ranges: &[f64],
        regions: Option<Vec<String>>,
    ) {
        let mut diagram = Diagram { names, ..Diagram::new(rows, columns, classes, &REGION_NAMES) };
        if let Some(regions) = regions {
            diagram.region_names = regions;
        }
        if let &[first_column, last_column, first_row, last_row] = ranges {
            diagram.importance = (first_column, last_column);
            diagram.density = (first_row, last_row);
        }
        self.add(Panel::new(title, sentence, View::Diagram(diagram)));
    }

    /// How many panels it has.
    #[wasm_bindgen(getter)]
    pub fn count(&self) -> usize {
        self.panels.panels.len()
    }

    /// What its colours mean.
    ///
    /// @returns JSON list of `{name, color}`, colours as `#rrggbb`
    /// @throws {Error} for an unknown theme
    pub fn legend(
        &self,
        #[wasm_bindgen(unchecked_param_type = "\"light\" | \"dark\"")] theme: &str,
    ) -> Result<String, js_sys::Error> {
        // Colours do not depend on the surface.
        let theme = Theme::new(mode(theme)?, Surface { units: 1.0, pixel: 1.0, raster: true });
        let entry = |(name, tint): &'_ (String, _)| Entry { name: name.clone(), color: color::css(theme.tint(*tint)) };
        Ok(json_text(&self.panels.legend.iter().map(entry).collect::<Vec<_>>()))
    }

    /// How its panels stand in rows.
    ///
    /// @returns JSON of {@link PictureLayout}
    pub fn layout(&self) -> String {
        let Panels { min_width, max_columns, group, .. } = self.panels;
        json_text(&Layout { min_width, max_columns, group })
    }

    /// What the page must know of a panel.
    ///
    /// @returns JSON of {@link PicturePanel}
    /// @throws {Error} where there is no such panel
    pub fn panel(&self, index: usize) -> Result<String, js_sys::Error> {
        let panel = self.panels.panels.get(index).ok_or_else(|| self.no_panel(index))?;
        Ok(json_text(&PanelWords {
            title: &panel.title,
            sentence: &panel.sentence,
            wide: panel.wide,
            kind: panel.view.kind(),
            turnable: matches!(panel.view, View::Solid(_)),
            feature_count: panel.view.n_features(),
        }))
    }

    /// The height in CSS pixels that a panel's view wants at a width, title and sentence left out.
    ///
    /// @throws {Error} where there is no such panel
    pub fn height(&self, index: usize, width: f64) -> Result<f64, js_sys::Error> {
        let panel = self.panels.panels.get(index).ok_or_else(|| self.no_panel(index))?;
        Ok(panel.view.height(width).ceil())
    }

    /// Draws a panel's view.
    ///
    /// The canvas' backing store must be `cssWidth * ratio` by `cssHeight * ratio`. `highlight` is the index of a feature to light up,
    /// or -1.
    ///
    /// @returns JSON list of {@link TextBox}
    /// @throws {Error} where there is no such panel, for sizes that do not fit, or an unknown theme
    #[allow(
        clippy::too_many_arguments,
        reason = "a flat call is what JavaScript can make without building an object a frame"
    )]
    pub fn draw(
        &mut self,
        index: usize,
        canvas: HtmlCanvasElement,
        #[wasm_bindgen(js_name = cssWidth)] css_width: f64,
        #[wasm_bindgen(js_name = cssHeight)] css_height: f64,
        ratio: f64,
        #[wasm_bindgen(unchecked_param_type = "\"light\" | \"dark\"")] theme: &str,
        highlight: i32,
    ) -> Result<String, js_sys::Error> {
        let panel = self.panels.panels.get(index).ok_or_else(|| self.no_panel(index))?;
        let (canvas, theme) = surface(canvas, (css_width, css_height), ratio, mode(theme)?)?;
        let mut sheet = Sheet::new(Pen::Canvas(canvas), &theme).with_highlight(usize::try_from(highlight).ok());
        sheet.cover(theme.card);
        let place = Box2 { x: 0.0, y: 0.0, width: css_width, height: css_height };
        panel.view.draw_in(&mut sheet, &theme, &place);
        let (texts, spots) = finished(sheet)?;
        self.last[index] = Last { size: (css_width, css_height), spots };
        Ok(texts)
    }

    /// The mark under or near a point of a panel, at the size at which it was drawn last.
    ///
    /// @returns JSON of {@link PictureMark}, or `null`
    /// @throws {Error} where there is no such panel
    pub fn hit(
        &self,
        index: usize,
        #[wasm_bindgen(js_name = cssWidth)] css_width: f64,
        #[wasm_bindgen(js_name = cssHeight)] css_height: f64,
        x: f64,
        y: f64,
    ) -> Result<String, js_sys::Error> {
        let last = self.last.get(index).ok_or_else(|| self.no_panel(index))?;
        // A canvas that was stretched since is pointed at as it is seen.
        let scale = (last.size.0 / css_width, last.size.1 / css_height);
        let at = (x * scale.0, y * scale.1);
        let mark = spots::hit(&last.spots, at).map(|spot| {
            let (x, y) = spot.extent.anchor(at);
            self.mark(index, spot, (x / scale.0, y / scale.1))
        });
        Ok(json_text(&mark))
    }

    /// The marks of a panel as it was drawn last, at most 400: every so many where there are more.
    ///
    /// @returns JSON list of {@link PictureMark}
    /// @throws {Error} where there is no such panel
    pub fn marks(&self, index: usize) -> Result<String, js_sys::Error> {
        let last = self.last.get(index).ok_or_else(|| self.no_panel(index))?;
        let marks = spots::thinned(&last.spots, MOST_MARKS);
        let marks = marks.into_iter().map(|spot| self.mark(index, spot, spot.extent.centre()));
        Ok(json_text(&marks.collect::<Vec<_>>()))
    }

    /// Turns the solid of a panel by angles in radians; other views stay as they are.
    ///
    /// @throws {Error} where there is no such panel
    pub fn turn(&mut self, index: usize, yaw: f64, pitch: f64) -> Result<(), js_sys::Error> {
        let missing = self.no_panel(index);
        self.panels.panels.get_mut(index).ok_or(missing)?.view.turn(yaw, pitch);
        Ok(())
    }

    /// The whole picture as an SVG document of that width in CSS pixels, titles included.
    ///
    /// @throws {Error} for a width that is not from 200 to 8000, or an unknown theme
    pub fn svg(
        &self,
        width: f64,
        #[wasm_bindgen(unchecked_param_type = "\"light\" | \"dark\"")] theme: &str,
    ) -> Result<String, js_sys::Error> {
        if !(200.0..=8000.0).contains(&width) {
            return Err(refused("width", shortest(width), "a number from 200 to 8000"));
        }
        let (mode, width) = (mode(theme)?, width.round() as u32);
        let mut buffer = String::new();
        svg::render_through(&mut buffer, mode, width, &self.panels, Pen::Vector).map_err(failed)?;
        Ok(svg::finished(&buffer, width, &self.panels))
    }
}

impl Picture {
    fn add(&mut self, panel: Panel) {
        self.panels.panels.push(panel);
        self.last.push(Last::default());
    }

    fn mark(&self, index: usize, spot: &Spot, (x, y): (f64, f64)) -> Mark {
        let panel = &self.panels.panels[index];
        let job = spot.job.map(|job| job as usize).or(panel.job);
        Mark { label: panel.view.tell(spot.key), feature: spot.feature, x, y, job }
    }

    fn no_panel(&self, index: usize) -> js_sys::Error {
        refused("panel", index.to_string(), &format!("an index below {}", self.count()))
    }
}

fn refused(field: &str, value: String, allowed: &str) -> js_sys::Error {
    thrown(Error::Field { field: field.into(), value, allowed: allowed.into() })
}
