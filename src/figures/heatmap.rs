//! A signed matrix as a heat map, with what belongs to its rows beside it.
//!
//! Blue is positive, red negative, 0 the background. To the right of the matrix stand, where given, the bias as a column
//! of the same colours, and a bar a row (the norm `‖W_i‖`) coloured by superposition, as in the paper's figure of section
//! "Demonstrating superposition". Colours are in steps and cells on whole pixels, so that a document of thousands of
//! cells stays small and nothing shows between them.

use super::boxes::{Box2, Point};
use super::panels::Figure;
use super::sheet::{Align, Sheet};
use super::spots::{Extent, Key, Spot};
use super::text::{number, rounded, text_width};
use super::theme::{Theme, Tint};
use crate::order;
use plotters::backend::DrawingBackend;
use serde::{Deserialize, Serialize};

/// Steps of colour from 0 to the limit.
const STEPS: f64 = 32.0;
/// Height of the matrix, at most.
const MAX_HEIGHT: f64 = 420.0;
/// Between the matrix and what stands beside it.
const GAP: f64 = 8.0;
/// Width of the bars where every pixel counts, and of the column of biases at least.
const LEAST_BARS: f64 = 26.0;
const LEAST_STRIP: f64 = 5.0;
/// Height of the row of texts above or below the matrix.
const ROW: f64 = 18.0;
/// Parts of the picture: bars, biases, cells.
const BAR: u8 = 0;
const BIAS: u8 = 1;
const CELL: u8 = 2;
/// Height of a colour bar, of all that belongs to it, and its width.
const SCALE: (f64, f64, f64) = (8.0, 34.0, 130.0);

/// Bars beside the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bars {
    /// What they measure.
    pub name: String,
    /// A length a row.
    pub lengths: Vec<f64>,
    /// The superposition a row, which gives its colour.
    pub superposition: Vec<f64>,
    /// The length that the place for them has room for.
    pub longest: f64,
}

impl Bars {
    /// Bars with room for the longest of them, and for a length of 1.
    ///
    /// # Shapes
    /// One of `lengths` and one of `superposition` a row.
    pub fn new(name: impl Into<String>, lengths: Vec<f64>, superposition: Vec<f64>) -> Self {
        let longest = lengths.iter().copied().filter(|length| length.is_finite()).fold(1.05, f64::max);
        Self { name: name.into(), lengths, superposition, longest }
    }

    /// The same with room for a length of `longest`, so that bars of several matrices compare.
    pub fn with_room_for(self, longest: f64) -> Self {
        Self { longest: self.longest.max(longest), ..self }
    }
}

/// A matrix and its company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heatmap {
    /// What stands above it, where something stands above what is beside it; empty for nothing.
    pub name: String,
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub columns: usize,
    /// The matrix, `[rows][columns]`.
    pub values: Vec<f64>,
    /// The number that has full colour; greater ones look the same.
    pub limit: f64,
    /// What rows are; empty for nothing.
    pub row_title: String,
    /// What columns are; empty for nothing.
    pub column_title: String,
    /// The feature of each row; none at all where rows are no features.
    pub row_features: Vec<usize>,
    /// The feature of each column; none at all where columns are no features.
    pub column_features: Vec<usize>,
    /// A number a row, as a column of its own.
    pub bias: Option<Vec<f64>>,
    /// Bars beside the rows.
    pub bars: Option<Bars>,
    /// First index and length of blocks on the diagonal to outline.
    pub blocks: Vec<(usize, usize)>,
    /// Whether the colours are explained below.
    pub color_bar: bool,
}

impl Heatmap {
    /// A matrix with full colour at its greatest absolute value, rounded up to two digits.
    ///
    /// # Shapes
    /// `values: [rows][columns]`.
    ///
    /// # Panics
    /// If the length is not `rows × columns`.
    pub fn new(rows: usize, columns: usize, values: Vec<f64>) -> Self {
        assert_eq!(values.len(), rows * columns, "a matrix of {rows} × {columns}");
        let limit =
            values.iter().filter(|value| value.is_finite()).fold(0.0_f64, |limit, value| limit.max(value.abs()));
        Self {
            name: String::new(),
            rows,
            columns,
            values,
            limit: if limit > 0.0 { rounded_up(limit) } else { 1.0 },
            row_title: String::new(),
            column_title: String::new(),
            row_features: Vec::new(),
            column_features: Vec::new(),
            bias: None,
            bars: None,
            blocks: Vec::new(),
            color_bar: true,
        }
    }

    /// The same with a name above it.
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The same with full colour at `limit`.
    pub fn with_limit(self, limit: f64) -> Self {
        Self { limit, ..self }
    }

    /// The same with axis titles.
    pub fn with_titles(self, row_title: impl Into<String>, column_title: impl Into<String>) -> Self {
        Self { row_title: row_title.into(), column_title: column_title.into(), ..self }
    }

    /// The same with the features that rows and columns stand for, an empty list for none.
    pub fn with_features(self, row_features: Vec<usize>, column_features: Vec<usize>) -> Self {
        Self { row_features, column_features, ..self }
    }

    /// The same with rows and columns that are the features in their order.
    pub fn of_features(self) -> Self {
        let (rows, columns) = (0..self.rows, 0..self.columns);
        self.with_features(rows.collect(), columns.collect())
    }

    /// The same with a bias beside it.
    pub fn with_bias(self, bias: Vec<f64>) -> Self {
        Self { bias: Some(bias), ..self }
    }

    /// The same with bars beside it.
    pub fn with_bars(self, bars: Bars) -> Self {
        Self { bars: Some(bars), ..self }
    }

    /// The same with blocks of the diagonal outlined.
    pub fn with_blocks(self, blocks: Vec<(usize, usize)>) -> Self {
        Self { blocks, ..self }
    }

    /// The same with or without the explanation of its colours.
    pub fn with_color_bar(self, color_bar: bool) -> Self {
        Self { color_bar, ..self }
    }

    fn layout(&self, width: f64) -> Layout {
        let left = if self.row_title.is_empty() { 0.0 } else { 20.0 };
        let bars = if self.bars.is_some() { (0.2 * width).clamp(30.0, 110.0) } else { 0.0 };
        let layout = self.layout_with(width, left, bars);
        // Cells of whole pixels are worth shorter bars.
        let shorter = self.layout_with(width, left, bars.min(LEAST_BARS));
        if layout.cell < 2.0 && shorter.cell >= 2.0 { shorter } else { layout }
    }

    fn layout_with(&self, width: f64, left: f64, bars: f64) -> Layout {
        let beside = if self.bars.is_some() { GAP + bars } else { 0.0 } + if self.bias.is_some() { GAP } else { 0.0 };
        let most = MAX_HEIGHT / self.rows.max(1) as f64;
        let size = |columns: usize, beside: f64| ((width - left - beside) / columns.max(1) as f64).min(most);
        let available = size(self.columns + usize::from(self.bias.is_some()), beside);
        // The bias is a column like the others, but never too thin to see.
        let is_thin = self.bias.is_some() && available < LEAST_STRIP;
        let available = if is_thin { size(self.columns, beside + LEAST_STRIP) } else { available };
        let cell = if available >= 2.0 { available.floor() } else { available.max(0.2) };
        Layout { left, top: if beside > 0.0 { ROW } else { 0.0 }, cell, bars, strip: cell.max(LEAST_STRIP) }
    }

    /// What a row, and what a column, is called in words.
    fn names(&self, row: usize, column: usize) -> (String, String) {
        let name = |title: &str, plain: &str, features: &[usize], idx: usize| {
            let number = features.get(idx).copied().unwrap_or(idx) + 1;
            let what = if title.is_empty() { if features.is_empty() { plain } else { "feature" } } else { title };
            format!("{what} {number}")
        };
        (
            name(&self.row_title, "row", &self.row_features, row),
            name(&self.column_title, "column", &self.column_features, column),
        )
    }

    /// How many rows the colour bars take: two bars stand on each other where it is narrow.
    fn scale_rows(&self, width: f64) -> f64 {
        if self.bars.is_some() && width < 300.0 { 2.0 } else { 1.0 }
    }

    /// The tint of a value, none where it is indistinguishable from 0.
    fn step(&self, value: f64) -> Option<i32> {
        let step = (value / self.limit * STEPS).round().clamp(-STEPS, STEPS) as i32;
        (step != 0).then_some(step)
    }
}

/// Sizes at a width.
#[derive(Debug, Clone, Copy)]
struct Layout {
    left: f64,
    top: f64,
    cell: f64,
    bars: f64,
    strip: f64,
}

impl Figure for Heatmap {
    fn height(&self, width: f64) -> f64 {
        let layout = self.layout(width);
        let below = if self.column_title.is_empty() && self.bars.is_none() { 0.0 } else { ROW + 2.0 };
        layout.top
            + layout.cell * self.rows as f64
            + below
            + if self.color_bar { self.scale_rows(width) * SCALE.1 + 8.0 } else { 2.0 }
    }

    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        let Layout { left, top, cell, bars, strip } = self.layout(place.width);
        let (x, y) = (sheet.edge(place.x + left), sheet.edge(place.y + top));
        let matrix = Box2 { x, y, width: cell * self.columns as f64, height: cell * self.rows as f64 };
        let small = theme.plain(Theme::SMALL);
        let bounds = place.grown(3.0);

        let mut cells: Vec<(i32, Box2)> = Vec::new();
        let feature_of = |row: usize| self.row_features.get(row).copied();
        for (idx, &value) in self.values.iter().enumerate() {
            let (row, column) = (idx / self.columns, idx % self.columns);
            let at = (x + column as f64 * cell, y + row as f64 * cell);
            let place = snapped(sheet, at, (cell, cell));
            cells.extend(self.step(value).map(|step| (step, place)));
            let feature = feature_of(row).or(self.column_features.get(column).copied());
            sheet.spot(Spot::new(Extent::Box(place), CELL, row, column).of(feature).quiet());
        }
        if top > 0.0 {
            sheet.label(&self.name, &[((x, y - 9.0), Align::Left)], &bounds, &small);
        }
        let mut right = matrix.right();
        if let Some(bias) = &self.bias {
            let at = right + GAP;
            for (row, &value) in bias.iter().take(self.rows).enumerate() {
                let place = snapped(sheet, (at, y + row as f64 * cell), (strip, cell));
                cells.extend(self.step(value).map(|step| (step, place)));
                sheet.spot(Spot::new(Extent::Box(place), BIAS, row, 0).of(feature_of(row)).quiet());
            }
            right = at + strip;
            let column = Box2 { x: at, width: strip, ..matrix };
            sheet.frame(&column, Theme::HAIRLINE, theme.guide());
            sheet.label("b", &[((at + strip / 2.0, y - 9.0), Align::Middle)], &bounds, &small);
        }
        // Equal colours one after the other: the document joins them.
        order::sort_by_key(&mut cells, |&(step, _)| step);
        for run in cells.chunk_by(|a, b| a.0 == b.0) {
            let color = theme.diverging(f64::from(run[0].0) / STEPS);
            for (_, place) in run {
                sheet.fill(place, color);
            }
        }
        sheet.frame(&matrix, Theme::HAIRLINE, theme.guide());
        for &(first, length) in &self.blocks {
            let (offset, side) = (first as f64 * cell, length as f64 * cell);
            let block = Box2 { x: x + offset, y: y + offset, width: side, height: side };
            sheet.frame(&block, Theme::OUTLINE, theme.ink);
        }
        if let Some(measured) = &self.bars {
            let at = Box2 { x: right + GAP, width: bars, ..matrix };
            draw_bars(sheet, theme, measured, &at, cell, &bounds);
            for row in 0..measured.lengths.len().min(self.rows) {
                let place = Box2 { y: y + row as f64 * cell, height: cell, ..at };
                sheet.spot(Spot::new(Extent::Box(place), BAR, row, 0).of(feature_of(row)).quiet());
            }
            right = at.right();
        }
        self.outline_feature(sheet, theme, &matrix, right);

        let text = theme.plain(Theme::TICK);
        if !self.row_title.is_empty() {
            sheet.label_upward(&self.row_title, (place.x + 7.0, matrix.centre().1), &bounds, &text);
        }
        let below = matrix.bottom() + 11.0;
        sheet.label(
            &self.column_title,
            &[((matrix.centre().0, below), Align::Middle), ((x, below), Align::Left)],
            &bounds,
            &text,
        );
        if self.color_bar {
            let titled = if self.column_title.is_empty() && self.bars.is_none() { 8.0 } else { ROW + 8.0 };
            let mut at =
                Box2 { x, y: matrix.bottom() + titled, width: SCALE.2.min(0.9 * place.width), height: SCALE.0 };
            let ends = [number(-self.limit), "0".into(), number(self.limit)];
            draw_color_bar(sheet, theme, &at, &ends, |t| Tint::Signed(2.0 * t - 1.0), place);
            if self.bars.is_some() {
                if self.scale_rows(place.width) > 1.0 {
                    at.y += SCALE.1;
                } else {
                    at.x = (at.right() + 34.0).min(place.right() - at.width);
                }
                let ends = ["0".into(), "superposition".into(), "≥ 1".into()];
                draw_color_bar(sheet, theme, &at, &ends, Tint::Superposition, place);
            }
        }
    }

    fn tell(&self, key: Key) -> String {
        let (row, column) = key.indices();
        let (of_row, of_column) = self.names(row, column);
        let told = |value: Option<&f64>| value.map_or(String::new(), |&value| number(rounded(value)));
        match key.part {
            CELL => {
                let value = told(self.values.get(row * self.columns + column));
                if self.row_title == self.column_title && !self.row_title.is_empty() {
                    let number = of_column.rsplit(' ').next().unwrap_or_default();
                    return format!("{of_row} and {number}: {value}");
                }
                format!("{of_row}, {of_column}: {value}")
            }
            BIAS => format!("{of_row}: b {}", told(self.bias.as_ref().and_then(|bias| bias.get(row)))),
            _ => {
                let Some(bars) = &self.bars else { return String::new() };
                let length = told(bars.lengths.get(row));
                format!("{of_row}: {} {length}, superposition {}", bars.name, told(bars.superposition.get(row)))
            }
        }
    }
}

impl Heatmap {
    /// Outlines the rows, with all that stands beside them, and the columns of the feature that is lit.
    fn outline_feature<DB: DrawingBackend>(&self, sheet: &Sheet<DB>, theme: &Theme, matrix: &Box2, right: f64) {
        let Some(lit) = sheet.highlight else { return };
        let cell = matrix.width / self.columns.max(1) as f64;
        let is_lit = |features: &[usize], idx: usize| features.get(idx) == Some(&lit);
        for row in (0..self.rows).filter(|&row| is_lit(&self.row_features, row)) {
            let place = Box2 { y: matrix.y + row as f64 * cell, height: cell, width: right - matrix.x, ..*matrix };
            sheet.frame(&place, Theme::OUTLINE, theme.ink);
        }
        for column in (0..self.columns).filter(|&column| is_lit(&self.column_features, column)) {
            let place = Box2 { x: matrix.x + column as f64 * cell, width: cell, ..*matrix };
            sheet.frame(&place, Theme::OUTLINE, theme.ink);
        }
    }
}

/// The least number of two digits that is not below `limit`, or below it by what no colour shows.
fn rounded_up(limit: f64) -> f64 {
    let unit = 10f64.powi(limit.log10().floor() as i32 - 1);
    (0.995 * limit / unit).ceil() * unit
}

/// A cell with its edges on whole pixels.
fn snapped<DB: DrawingBackend>(sheet: &Sheet<DB>, (x, y): Point, (width, height): Point) -> Box2 {
    let (left, top) = (sheet.edge(x), sheet.edge(y));
    Box2 { x: left, y: top, width: sheet.edge(x + width) - left, height: sheet.edge(y + height) - top }
}

fn draw_bars<DB: DrawingBackend>(
    sheet: &mut Sheet<DB>,
    theme: &Theme,
    bars: &Bars,
    place: &Box2,
    cell: f64,
    bounds: &Box2,
) {
    let small = theme.plain(Theme::SMALL);
    let thickness = if cell >= 4.0 { cell - 1.0 } else { cell };
    let mark = |length: f64| place.x + length / bars.longest * place.width;
    let one = sheet.hair(mark(1.0));
    sheet.path(&[(one, place.y), (one, place.bottom())], Theme::HAIRLINE, theme.guide());
    for (row, (&length, &superposition)) in bars.lengths.iter().zip(&bars.superposition).enumerate() {
        if length > 0.0 && length.is_finite() {
            let bar =
                Box2 { x: place.x, y: place.y + row as f64 * cell, width: mark(length) - place.x, height: thickness };
            sheet.fill(&bar, theme.superposition(superposition));
        }
    }
    let zero = sheet.hair(place.x);
    sheet.path(&[(zero, place.y), (zero, place.bottom())], Theme::HAIRLINE, theme.faint);
    sheet.label(&bars.name, &[((place.x, place.y - 9.0), Align::Left)], bounds, &small);
    sheet.label("0", &[((place.x, place.bottom() + 11.0), Align::Middle)], bounds, &small);
    // Near the edge of the picture it stands as far to the left as it must.
    let half = text_width("1", Theme::SMALL, false) / 2.0;
    let one = mark(1.0).min(place.right() - half);
    sheet.label("1", &[((one, place.bottom() + 11.0), Align::Middle)], bounds, &small);
}

/// Draws a ramp with a text at its start, middle and end below it, none of which leaves `inside`.
pub(super) fn draw_color_bar<DB: DrawingBackend>(
    sheet: &mut Sheet<DB>,
    theme: &Theme,
    place: &Box2,
    texts: &[String; 3],
    tint: impl Fn(f64) -> Tint,
    inside: &Box2,
) {
    let steps = 48;
    for step in 0..steps {
        let edge = |step: usize| place.x + place.width * step as f64 / steps as f64;
        let at = snapped(sheet, (edge(step), place.y), (edge(step + 1) - edge(step), place.height));
        sheet.fill(&at, theme.tint(tint((step as f64 + 0.5) / steps as f64)));
    }
    sheet.frame(place, Theme::HAIRLINE, theme.guide());
    let ink = theme.plain(Theme::SMALL);
    let y = place.bottom() + 10.0;
    // The ends first: where there is no room for all three, they say most.
    for (text, along) in [(&texts[0], 0.0), (&texts[2], 1.0), (&texts[1], 0.5)] {
        let half = text_width(text, Theme::SMALL, false) / 2.0;
        let x = (place.x + along * place.width).max(inside.x + half).min(inside.right() - half);
        // A canvas measures a little otherwise than the widths here.
        sheet.label(text, &[((x, y), Align::Middle)], &inside.grown(3.0), &ink);
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::written;
    use super::*;

    #[test]
    fn colours_have_few_steps_and_nothing_is_drawn_for_zero() {
        let map = Heatmap::new(1, 3, vec![0.0, -2.0, 1.0]);
        assert_eq!(map.limit, 2.0);
        let limit_of = |most: f64| written(Heatmap::new(1, 1, vec![most]).limit, 3);
        assert_eq!([1.002, 2.921, 0.0413].map(limit_of), ["1", "3", "0.042"]);
        assert_eq!(
            [0.0, 0.01, 1.0, -2.0, -9.0].map(|value| map.step(value)),
            [None, None, Some(16), Some(-32), Some(-32)]
        );
    }

    #[test]
    fn cells_are_whole_pixels_where_they_can_be() {
        for width in [200.0, 333.0, 700.0] {
            let cell = Heatmap::new(20, 20, vec![0.0; 400]).layout(width).cell;
            assert!(cell >= 2.0 && cell == cell.floor(), "{cell} at {width}");
        }
    }
}
