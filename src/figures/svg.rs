//! Figures as standalone SVG documents, through `plotters-svg`.
//!
//! Drawn by the code that draws the page, on the surface of [`super::vector`], in tenths of a CSS pixel.

use super::arrows::{self, Arrows};
use super::boxes::Box2;
use super::panels::Figure;
use super::phase::{self, Phase};
use super::sheet::{Align, Drawn, Sheet, TextBox};
use super::spots::Spot;
use super::text::wrap;
use super::theme::{Mode, Surface, Theme};
use super::vector::{self, Vector};
use plotters::backend::DrawingBackend;

/// Units in a CSS pixel: fine enough that a curve of dots shows no steps, and still short numbers.
const UNITS: u32 = 10;
/// Space around the panels of a picture that stands alone.
const PADDING: f64 = 20.0;
/// Space between panels.
const GUTTER: f64 = 18.0;

/// A document and the texts in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The SVG document.
    pub svg: String,
    /// Its texts, in the order in which they were drawn.
    pub texts: Vec<TextBox>,
    /// The marks that can be pointed at; none of [`svg_arrows`], [`svg_phase`] and [`svg_intro`].
    pub spots: Vec<Spot>,
}

/// One model of [`svg_intro`].
#[derive(Debug, Clone, Copy)]
pub struct Panel<'a> {
    /// What sets it apart, such as "90% sparse".
    pub title: &'a str,
    /// What it shows.
    pub sentence: &'a str,
    /// The model.
    pub arrows: Arrows<'a>,
}

/// The arrows figure, `width` CSS pixels square.
pub fn svg_arrows(mode: Mode, width: u32, arrows: &Arrows) -> Picture {
    picture(mode, (width, width), None, |sheet, theme| arrows::draw(sheet, theme, arrows))
}

/// The phase diagram, as wide as given and as high as makes its plot nearly square.
pub fn svg_phase(mode: Mode, width: u32, phase: &Phase) -> Picture {
    picture(mode, (width, width + 10), None, |sheet, theme| phase::draw(sheet, theme, phase))
}

/// Several models side by side (one above the other where the picture is narrow), each with its title and sentence.
pub fn svg_intro(mode: Mode, width: u32, panels: &[Panel]) -> Picture {
    let inner = f64::from(width) - 2.0 * PADDING;
    let columns = ((inner + GUTTER) / (160.0 + GUTTER)).floor().clamp(1.0, panels.len().max(1) as f64);
    let side = ((inner - (columns - 1.0) * GUTTER) / columns).max(40.0);
    let columns = columns as usize;
    // The text is measured as it will be drawn, to know how high the picture must be.
    let sentences: Vec<Vec<String>> = panels.iter().map(|panel| wrap(panel.sentence, side, Theme::TEXT)).collect();
    let lines = sentences.iter().map(Vec::len).max().unwrap_or(0) as f64;
    let leading = 1.4 * Theme::TEXT;
    let row_height = side + 24.0 + lines * leading;
    let rows = panels.len().div_ceil(columns) as f64;
    let height = (2.0 * PADDING + rows * row_height + (rows - 1.0).max(0.0) * GUTTER).ceil() as u32;

    picture(mode, (width, height), None, |sheet, theme| {
        sheet.cover(theme.card);
        for (idx, panel) in panels.iter().enumerate() {
            let x = PADDING + (idx % columns) as f64 * (side + GUTTER);
            let y = PADDING + (idx / columns) as f64 * (row_height + GUTTER);
            sheet.nested(&Box2 { x, y, width: side, height: side }, |sheet| {
                arrows::draw_guides(sheet, theme, &panel.arrows);
                arrows::draw_columns(sheet, theme, &panel.arrows);
            });
            sheet.text(panel.title, (x, y + side + 11.0), Align::Left, &theme.strong(Theme::TITLE));
            for (line_idx, line) in sentences[idx].iter().enumerate() {
                let at = (x, y + side + 32.0 + line_idx as f64 * leading);
                sheet.text(line, at, Align::Left, &theme.plain(Theme::TEXT));
            }
        }
    })
}

/// Any figure as a document of that width (CSS pixels), as high as the figure wants, with space around it.
pub fn render(mode: Mode, width: u32, figure: &impl Figure) -> Picture {
    render_lit(mode, width, figure, None)
}

/// The same with a feature lit up.
pub fn render_lit(mode: Mode, width: u32, figure: &impl Figure, highlight: Option<usize>) -> Picture {
    let size = document_size(width, figure);
    let mut picture = picture(mode, size, highlight, |sheet, theme| draw_document(sheet, theme, size, figure));
    picture.svg = super::compact::compact(&picture.svg);
    picture
}

/// A document as [`render`] gives it, drawn on whatever `open` makes of the document's own surface: a module that draws on another
/// surface too needs the code of all figures only once, for a surface that is either.
///
/// # Errors
/// What the surface reports.
pub fn render_through<'a, DB: DrawingBackend>(
    buffer: &'a mut String,
    mode: Mode,
    width: u32,
    figure: &impl Figure,
    open: impl FnOnce(Vector<'a>) -> DB,
) -> Drawn<(), DB> {
    let size = document_size(width, figure);
    let theme = Theme::new(mode, SURFACE);
    let mut sheet = Sheet::new(open(Vector::new(buffer, size, UNITS)), &theme);
    draw_document(&mut sheet, &theme, size, figure);
    sheet.finish().map(|_| ())
}

/// Completes what [`render_through`] wrote.
pub fn finished(buffer: &str, width: u32, figure: &impl Figure) -> String {
    super::compact::compact(&vector::finish(buffer, document_size(width, figure), UNITS))
}

fn document_size(width: u32, figure: &impl Figure) -> (u32, u32) {
    let inner = (f64::from(width) - 2.0 * PADDING).max(1.0);
    (width, (figure.height(inner).ceil() + 2.0 * PADDING) as u32)
}

fn draw_document<DB: DrawingBackend>(
    sheet: &mut Sheet<DB>,
    theme: &Theme,
    (width, height): (u32, u32),
    figure: &impl Figure,
) {
    sheet.cover(theme.card);
    let [width, height] = [width, height].map(|length| (f64::from(length) - 2.0 * PADDING).max(1.0));
    figure.draw_in(sheet, theme, &Box2 { x: PADDING, y: PADDING, width, height });
}

const SURFACE: Surface = Surface { units: UNITS as f64, pixel: UNITS as f64, raster: false };

/// Draws on a new document.
fn picture(
    mode: Mode,
    size: (u32, u32),
    highlight: Option<usize>,
    draw: impl FnOnce(&mut Sheet<Vector>, &Theme),
) -> Picture {
    let theme = Theme::new(mode, SURFACE);
    let mut svg = String::new();
    let mut sheet = Sheet::new(Vector::new(&mut svg, size, UNITS), &theme).with_highlight(highlight);
    draw(&mut sheet, &theme);
    let (texts, spots) = sheet.finish().expect("writing an SVG document to memory cannot fail");
    Picture { svg: vector::finish(&svg, size, UNITS), texts, spots }
}
