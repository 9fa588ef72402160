//! The phase diagram of one extra feature: which solution wins at each relative importance and density.
//!
//! A grid of cells, each one of three classes or still pending (hatched), with log axes (paper, section "Superposition
//! as a phase change"). Cells are experiments, so a cell's value is that of its centre: the first row is density 1
//! itself, and the tick "1" points at the middle of that row. Axes and titles are one layer; cells, region names and
//! the chosen cell the other.

use super::boxes::{Box2, Point};
use super::color::mix;
use super::panels::Figure;
use super::sheet::{Align, Ink, Sheet};
use super::spots::{Extent, Key, Spot};
use super::text::{number, rounded};
use super::theme::Theme;
use crate::error::Error;
use crate::number::shortest;
use plotters::backend::DrawingBackend;
use plotters::style::RGBColor;
use serde::{Deserialize, Serialize};

/// Class of a cell that has not been trained yet.
pub const PENDING: u8 = 255;
/// What the classes 0, 1 and 2 are called in the picture.
pub const REGION_NAMES: [&str; 3] = ["forgotten", "its own axis", "superposition"];

const X_TITLES: [&str; 2] = ["relative importance of the extra feature", "relative importance"];
const Y_TITLE: &str = "density 1 − S";
/// Length of a tick mark.
const TICK_MARK: f64 = 5.0;
/// How far a coarser cell's colour is taken toward the card where it stands for pending ones.
const FADED: f64 = 0.62;
/// Distance between the lines that hatch what is pending.
const HATCH: f64 = 9.0;

/// What the figure shows.
#[derive(Debug, Clone)]
pub struct Phase<'a> {
    title: &'a str,
    rows: usize,
    columns: usize,
    classes: &'a [u8],
    importance: (f64, f64),
    density: (f64, f64),
    selected: Option<usize>,
    names: bool,
    region_names: &'a [&'a str],
}

impl<'a> Phase<'a> {
    /// A figure of the given classes over the paper's ranges: importance 0.1…10, density 1…0.01. An empty title is left
    /// out.
    ///
    /// # Shapes
    /// `classes: [rows][columns]`, row 0 at the top, each 0, 1, 2 or [`PENDING`].
    ///
    /// # Errors
    /// [`Error::Field`] if the length is not `rows × columns`, that is 0, or a class is none of the four.
    pub fn new(title: &'a str, rows: usize, columns: usize, classes: &'a [u8]) -> Result<Self, Error> {
        Self::of_regions(title, rows, columns, classes, &REGION_NAMES)
    }

    /// The same with other regions, at most four: class k is called `region_names[k]`.
    ///
    /// # Errors
    /// As [`Phase::new`]; a class without a name is refused.
    pub fn of_regions(
        title: &'a str,
        rows: usize,
        columns: usize,
        classes: &'a [u8],
        region_names: &'a [&'a str],
    ) -> Result<Self, Error> {
        let count = region_names.len().min(4);
        let region_names = &region_names[..count];
        let refuse = |value: String, allowed: String| Err(Error::Field { field: "classes".into(), value, allowed });
        if rows == 0 || columns == 0 || rows.checked_mul(columns) != Some(classes.len()) {
            return refuse(format!("{} cells", classes.len()), format!("{rows} × {columns} cells, at least 1"));
        }
        if let Some(class) = classes.iter().find(|&&class| usize::from(class) >= count && class != PENDING) {
            let all: Vec<String> = (0..count).map(|class| class.to_string()).collect();
            return refuse(class.to_string(), format!("{} or {PENDING} (pending)", all.join(", ")));
        }
        let (importance, density) = ((0.1, 10.0), (1.0, 0.01));
        Ok(Self { title, rows, columns, classes, importance, density, selected: None, names: false, region_names })
    }

    /// The same over other ranges: importance at the centres of the first and last column, density at those of the
    /// first and last row. An axis whose range is not two different numbers above 0 has no ticks.
    pub fn with_ranges(self, importance: (f64, f64), density: (f64, f64)) -> Self {
        Self { importance, density, ..self }
    }

    /// The same with region names.
    pub fn with_names(self, names: bool) -> Self {
        Self { names, ..self }
    }

    /// The same with one cell marked; an index that does not exist marks none.
    pub fn with_selected(self, selected: Option<usize>) -> Self {
        Self { selected: selected.filter(|&cell_idx| cell_idx < self.classes.len()), ..self }
    }

    fn class(&self, row: usize, column: usize) -> u8 {
        self.classes[row * self.columns + column]
    }

    /// The cell's class or, while it is pending, that of the finest trained cell that stands for it on a coarser grid
    /// (every second, fourth, … row and column): grids fill coarse cells first, so that a whole picture is there early
    /// and sharpens.
    fn coarse_class(&self, row: usize, column: usize) -> u8 {
        let mut stride = 1;
        while stride < 2 * self.rows.max(self.columns) {
            let class = self.class(row - row % stride, column - column % stride);
            if class != PENDING {
                return class;
            }
            stride *= 2;
        }
        PENDING
    }
}

/// Where the plot lies in a figure of that size: margins depend on the size alone, so that hit tests need no fonts.
fn plot(size: (f64, f64)) -> Box2 {
    let narrow = size.0 < 200.0;
    let left = if narrow { 40.0 } else { 58.0 };
    let right = 14.0;
    let top = 32.0;
    let bottom = if size.1 < 160.0 { 26.0 } else { 48.0 };
    Box2 { x: left, y: top, width: (size.0 - left - right).max(8.0), height: (size.1 - top - bottom).max(8.0) }
}

/// A phase diagram that owns its data: a view to compose with others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagram {
    /// How many rows; row 0 is above.
    pub rows: usize,
    /// How many columns.
    pub columns: usize,
    /// The class of each cell, `[rows][columns]`, or [`PENDING`].
    pub classes: Vec<u8>,
    /// What the classes are called, at most four.
    pub region_names: Vec<String>,
    /// Importance at the first and last column.
    pub importance: (f64, f64),
    /// Density at the first and last row.
    pub density: (f64, f64),
    /// Whether the names are written in their regions.
    pub names: bool,
    /// A cell to mark.
    pub selected: Option<usize>,
}

impl Diagram {
    /// The diagram of these classes over the paper's ranges, its regions named.
    pub fn new(rows: usize, columns: usize, classes: Vec<u8>, region_names: &[&str]) -> Self {
        Self {
            rows,
            columns,
            classes,
            region_names: region_names.iter().map(|&name| name.to_owned()).collect(),
            importance: (0.1, 10.0),
            density: (1.0, 0.01),
            names: true,
            selected: None,
        }
    }
}

impl Figure for Diagram {
    fn height(&self, width: f64) -> f64 {
        width.min(460.0) + 10.0
    }

    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        let names: Vec<&str> = self.region_names.iter().map(String::as_str).collect();
        // Data that make no diagram leave the place empty: there is nothing to show, and no message belongs in a picture.
        let Ok(phase) = Phase::of_regions("", self.rows, self.columns, &self.classes, &names) else {
            return;
        };
        let phase =
            phase.with_ranges(self.importance, self.density).with_names(self.names).with_selected(self.selected);
        // The room for a title stands empty here: the panel has one.
        let place = Box2 { y: place.y - 22.0, height: place.height + 22.0, ..*place };
        sheet.nested(&place, |sheet| {
            draw_axes(sheet, theme, &phase);
            draw_cells(sheet, theme, &phase);
        });
        let plot = plot((place.width, place.height));
        let cell = (plot.width / self.columns as f64, plot.height / self.rows as f64);
        for idx in 0..self.classes.len() {
            let (row, column) = (idx / self.columns, idx % self.columns);
            let x = place.x + plot.x + column as f64 * cell.0;
            let y = place.y + plot.y + row as f64 * cell.1;
            sheet.spot(Spot::new(Extent::Box(Box2 { x, y, width: cell.0, height: cell.1 }), 0, row, column));
        }
    }

    fn tell(&self, key: Key) -> String {
        let (row, column) = key.indices();
        let Some(&class) = self.classes.get(row * self.columns + column) else { return String::new() };
        let name = match self.region_names.get(usize::from(class)) {
            Some(name) => name.as_str(),
            None => "not trained yet",
        };
        let at = |(from, to): (f64, f64), idx: usize, count: usize| {
            let along = idx as f64 / count.saturating_sub(1).max(1) as f64;
            number(rounded(from * (to / from).powf(along)))
        };
        let importance = at(self.importance, column, self.columns);
        format!("importance {importance}, density {}: {name}", at(self.density, row, self.rows))
    }
}

/// The cell under the pointer.
///
/// # Units
/// `size` and `at` in CSS pixels.
pub fn hit(size: (f64, f64), rows: usize, columns: usize, at: Point) -> Option<usize> {
    let plot = plot(size);
    let index = |offset: f64, extent: f64, count: usize| {
        (0.0..extent).contains(&offset).then(|| ((offset / extent * count as f64) as usize).min(count.max(1) - 1))
    };
    let row = index(at.1 - plot.y, plot.height, rows)?;
    let column = index(at.0 - plot.x, plot.width, columns)?;
    (rows > 0 && columns > 0).then_some(row * columns + column)
}

/// Draws background, axes and data: a whole frame.
pub fn draw<DB: DrawingBackend>(sheet: &mut Sheet<DB>, theme: &Theme, phase: &Phase) {
    sheet.cover(theme.card);
    draw_axes(sheet, theme, phase);
    draw_cells(sheet, theme, phase);
}

/// Draws what does not move: title, ticks and axis titles.
pub fn draw_axes<DB: DrawingBackend>(sheet: &mut Sheet<DB>, theme: &Theme, phase: &Phase) {
    let size = sheet.size();
    let bounds = Box2 { x: 0.0, y: 0.0, width: size.0, height: size.1 };
    let plot = plot(size);
    let title = Ink { size: Theme::TITLE, bold: true, color: theme.ink, background: theme.card };
    let tick = Ink { size: Theme::TICK, bold: false, color: theme.soft, background: theme.card };
    let axis = Ink { size: Theme::TEXT, ..tick };

    if !phase.title.is_empty() {
        let at = (plot.x, 14.0);
        let place = sheet.text_box(phase.title, at, Align::Left, &title);
        if bounds.contains(&place) {
            sheet.text(phase.title, at, Align::Left, &title);
        }
    }

    let mut free_from = f64::NEG_INFINITY;
    for (text, place) in ticks(phase.importance, phase.columns) {
        let x = plot.x + place * plot.width;
        sheet.path(&[(sheet.hair(x), plot.bottom()), (sheet.hair(x), plot.bottom() + TICK_MARK)], 1.0, theme.faint);
        let at = (x, plot.bottom() + TICK_MARK + 10.0);
        let label = sheet.text_box(&text, at, Align::Middle, &tick);
        if bounds.contains(&label) && label.x > free_from {
            sheet.text(&text, at, Align::Middle, &tick);
            free_from = label.right() + 4.0;
        }
    }
    let mut free_from = f64::NEG_INFINITY;
    let mut leftmost = plot.x - TICK_MARK;
    for (text, place) in ticks(phase.density, phase.rows) {
        let y = plot.y + place * plot.height;
        sheet.path(&[(plot.x - TICK_MARK, sheet.hair(y)), (plot.x, sheet.hair(y))], 1.0, theme.faint);
        let at = (plot.x - TICK_MARK - 4.0, y);
        let label = sheet.text_box(&text, at, Align::Right, &tick);
        if bounds.contains(&label) && label.y > free_from {
            sheet.text(&text, at, Align::Right, &tick);
            free_from = label.bottom();
            leftmost = leftmost.min(label.x);
        }
    }

    let baseline = plot.bottom() + TICK_MARK + 31.0;
    for text in X_TITLES {
        let width = sheet.text_width(text, &axis);
        // Centred on the plot, moved where it would leave the figure.
        let x = plot.centre().0.min(size.0 - width / 2.0 - 1.0).max(width / 2.0 + 1.0);
        if bounds.contains(&sheet.text_box(text, (x, baseline), Align::Middle, &axis)) {
            sheet.text(text, (x, baseline), Align::Middle, &axis);
            break;
        }
    }
    let flat = sheet.text_box(Y_TITLE, (0.0, 0.0), Align::Middle, &axis);
    let upright = Box2::around((10.0, plot.centre().1), flat.height, flat.width);
    if bounds.contains(&upright) && upright.right() + 2.0 <= leftmost {
        sheet.text_upward(Y_TITLE, upright.centre(), &axis);
    }
}

/// The powers of ten in a range, written, with their places as fractions of the axis.
fn ticks((first, last): (f64, f64), count: usize) -> Vec<(String, f64)> {
    if !(first > 0.0 && last > 0.0 && first != last && first.is_finite() && last.is_finite()) {
        return Vec::new();
    }
    let (from, to) = (first.log10(), last.log10());
    let powers = (from.min(to) - 1e-9).ceil() as i32..=(from.max(to) + 1e-9).floor() as i32;
    let mut ticks: Vec<_> = powers
        .map(|power| {
            // Centres of the first and last cell are half a cell inside the plot.
            let index = (f64::from(power) - from) / (to - from) * (count - 1) as f64;
            (shortest(10f64.powi(power)), (index + 0.5) / count as f64)
        })
        .collect();
    // From one end of the axis to the other.
    if from > to {
        ticks.reverse();
    }
    ticks
}

/// Draws what fills in: cells, names of regions, the chosen cell.
pub fn draw_cells<DB: DrawingBackend>(sheet: &mut Sheet<DB>, theme: &Theme, phase: &Phase) {
    let plot = plot(sheet.size());
    if phase.classes.contains(&PENDING) {
        sheet.fill(&plot, theme.card);
        let faded = theme.regions.map(|region| mix(region, theme.card, FADED));
        draw_runs(sheet, phase, &plot, &faded, |row, column| phase.coarse_class(row, column));
        draw_hatch(sheet, theme, &plot);
    }
    draw_runs(sheet, phase, &plot, &theme.regions, |row, column| phase.class(row, column));
    // One region is hardly told from the card.
    sheet.frame(&plot, Theme::HAIRLINE, theme.faint);
    if phase.names {
        draw_names(sheet, theme, phase, &plot);
    }
    if let Some(selected) = phase.selected {
        draw_selected(sheet, theme, phase, &plot, selected);
    }
}

/// Hatches the whole plot: what is not covered by a trained cell afterwards is seen to be pending.
fn draw_hatch<DB: DrawingBackend>(sheet: &Sheet<DB>, theme: &Theme, plot: &Box2) {
    let lines = ((plot.width + plot.height) / HATCH) as usize;
    for line in 1..=lines {
        // The diagonal x + y = s, clipped to the plot.
        let s = line as f64 * HATCH;
        let (from, to) = ((s - plot.height).max(0.0), s.min(plot.width));
        let ends = [(plot.x + from, plot.y + s - from), (plot.x + to, plot.y + s - to)];
        sheet.path(&ends, Theme::HAIRLINE, theme.guide());
    }
}

/// Cells of the given classes as rectangles, equal neighbours of a row as one; pending ones are left open.
///
/// Nothing shows between them: a raster gets edges on whole device pixels; in a vector picture, where a viewer smooths
/// edges, each rectangle reaches a pixel under the ones that are drawn after it, to the right and below.
fn draw_runs<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    phase: &Phase,
    plot: &Box2,
    colors: &[RGBColor; 4],
    class_of: impl Fn(usize, usize) -> u8,
) {
    let place = |coordinate: f64| if sheet.is_raster() { sheet.edge(coordinate) } else { coordinate };
    let under = if sheet.is_raster() { 0.0 } else { 1.0 };
    let x = |column: usize| place(plot.x + plot.width * column as f64 / phase.columns as f64);
    let y = |row: usize| place(plot.y + plot.height * row as f64 / phase.rows as f64);
    for row in 0..phase.rows {
        let mut start = 0;
        while start < phase.columns {
            let class = class_of(row, start);
            let end = (start..phase.columns).find(|&column| class_of(row, column) != class).unwrap_or(phase.columns);
            if class != PENDING {
                let right = x(end) + if end < phase.columns { under } else { 0.0 };
                let bottom = y(row + 1) + if row + 1 < phase.rows { under } else { 0.0 };
                let run = Box2 { x: x(start), y: y(row), width: right - x(start), height: bottom - y(row) };
                sheet.fill(&run, colors[usize::from(class)]);
            }
            start = end;
        }
    }
}

/// Writes each region's name where it has most room; not at all where it does not fit.
fn draw_names<DB: DrawingBackend>(sheet: &mut Sheet<DB>, theme: &Theme, phase: &Phase, plot: &Box2) {
    for (class, &name) in phase.region_names.iter().enumerate() {
        for size in [Theme::TEXT, Theme::SMALL] {
            let (color, background) = (theme.region_text[class], theme.regions[class]);
            let ink = Ink { size, bold: true, color, background };
            let label = sheet.text_box(name, (0.0, 0.0), Align::Middle, &ink);
            if let Some(at) = roomiest(phase, class as u8, plot, (label.width, label.height)) {
                sheet.text(name, at, Align::Middle, &ink);
                break;
            }
        }
    }
}

/// The centre of the place inside a class' region that leaves a label of that size the most room around.
fn roomiest(phase: &Phase, class: u8, plot: &Box2, (width, height): (f64, f64)) -> Option<Point> {
    let (rows, columns) = (phase.rows, phase.columns);
    // others[r][c]: cells of other classes above r and left of c.
    let mut others = vec![0u32; (rows + 1) * (columns + 1)];
    let at = |row: usize, column: usize| row * (columns + 1) + column;
    for row in 0..rows {
        let mut in_row = 0;
        for column in 0..columns {
            in_row += u32::from(phase.class(row, column) != class);
            others[at(row + 1, column + 1)] = others[at(row, column + 1)] + in_row;
        }
    }
    let (cell_width, cell_height) = (plot.width / columns as f64, plot.height / rows as f64);
    // Cells that a label centred there, with a margin, would touch, if they are all in the plot and of the class.
    let fits = |row: usize, column: usize, margin: f64| {
        let x = (column as f64 + 0.5) * cell_width;
        let y = (row as f64 + 0.5) * cell_height;
        let (left, right) = (x - width / 2.0 - margin, x + width / 2.0 + margin);
        let (top, bottom) = (y - height / 2.0 - margin, y + height / 2.0 + margin);
        if left < 0.0 || top < 0.0 || right > plot.width || bottom > plot.height {
            return false;
        }
        let (c0, c1) = ((left / cell_width) as usize, ((right / cell_width).ceil() as usize).min(columns));
        let (r0, r1) = ((top / cell_height) as usize, ((bottom / cell_height).ceil() as usize).min(rows));
        others[at(r1, c1)] + others[at(r0, c0)] == others[at(r0, c1)] + others[at(r1, c0)]
    };
    let cells = || (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let margin_of = |step: u32| 3.0 + 3.0 * f64::from(step);
    let somewhere = |step: u32| cells().any(|(row, column)| fits(row, column, margin_of(step)));
    if !somewhere(0) {
        return None;
    }
    // The widest margin that fits anywhere (what fits with a margin fits with a smaller one, so bisect), then the
    // middle of all the places that have it.
    let (mut fitting, mut too_wide) = (0, 32);
    while too_wide - fitting > 1 {
        let step = (fitting + too_wide) / 2;
        if somewhere(step) { fitting = step } else { too_wide = step }
    }
    let places: Vec<(usize, usize)> = cells().filter(|&(row, column)| fits(row, column, margin_of(fitting))).collect();
    let count = places.len() as f64;
    let mean_row = places.iter().map(|p| p.0 as f64).sum::<f64>() / count;
    let mean_column = places.iter().map(|p| p.1 as f64).sum::<f64>() / count;
    let off = |p: &(usize, usize)| (p.0 as f64 - mean_row).hypot(p.1 as f64 - mean_column);
    let (row, column) = places.iter().copied().min_by(|a, b| off(a).total_cmp(&off(b)))?;
    Some((plot.x + (column as f64 + 0.5) * cell_width, plot.y + (row as f64 + 0.5) * cell_height))
}

/// A frame around the chosen cell, dark in light: seen on every region, never smaller than a fingertip can find again.
fn draw_selected<DB: DrawingBackend>(sheet: &Sheet<DB>, theme: &Theme, phase: &Phase, plot: &Box2, selected: usize) {
    let (row, column) = (selected / phase.columns, selected % phase.columns);
    let (width, height) = (plot.width / phase.columns as f64, plot.height / phase.rows as f64);
    let centre = (plot.x + (column as f64 + 0.5) * width, plot.y + (row as f64 + 0.5) * height);
    let frame = Box2::around(centre, width.max(9.0) + 3.0, height.max(9.0) + 3.0);
    sheet.frame(&frame.grown(2.25), 4.5, theme.card);
    sheet.frame(&frame.grown(1.0), 2.0, theme.ink);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_point_at_the_centres_of_the_cells_that_have_the_value() {
        let texts = |ticks: &[(String, f64)]| ticks.iter().map(|t| t.0.clone()).collect::<Vec<_>>();
        let x = ticks((0.1, 10.0), 64);
        assert_eq!(texts(&x), ["0.1", "1", "10"]);
        assert!((x[0].1 - 0.5 / 64.0).abs() < 1e-12 && (x[1].1 - 0.5).abs() < 1e-12);
        let y = ticks((1.0, 0.01), 64);
        assert_eq!(texts(&y), ["1", "0.1", "0.01"]);
        assert!((y[2].1 - 63.5 / 64.0).abs() < 1e-12);
        assert!(ticks((0.0, 1.0), 4).is_empty() && ticks((1.0, 1.0), 1).is_empty());
    }

    #[test]
    fn each_cell_is_hit_at_its_centre_and_the_margin_hits_none() {
        let size = (374.0, 380.0);
        let plot = plot(size);
        for cell_idx in 0..12 {
            let (row, column) = (cell_idx / 4, cell_idx % 4);
            let x = plot.x + (column as f64 + 0.5) * plot.width / 4.0;
            let y = plot.y + (row as f64 + 0.5) * plot.height / 3.0;
            assert_eq!(hit(size, 3, 4, (x, y)), Some(cell_idx));
        }
        assert_eq!(hit(size, 3, 4, (plot.x - 1.0, plot.y + 1.0)), None);
        assert_eq!(hit(size, 3, 4, (plot.right(), plot.y)), None);
        assert_eq!(hit(size, 0, 0, plot.centre()), None);
    }

    #[test]
    fn a_pending_cell_is_spoken_for_by_the_finest_trained_cell_above_it() {
        let mut classes = [PENDING; 64];
        classes[0] = 2;
        let coarse = |classes: &[u8], row, column| Phase::new("", 8, 8, classes).unwrap().coarse_class(row, column);
        assert_eq!(coarse(&classes, 7, 7), 2);
        classes[4 * 8 + 4] = 1;
        assert_eq!((coarse(&classes, 7, 7), coarse(&classes, 3, 7)), (1, 2));
        classes[7 * 8 + 7] = 0;
        assert_eq!((coarse(&classes, 7, 7), coarse(&classes, 6, 7)), (0, 1));
        assert_eq!(coarse(&[PENDING; 64], 5, 2), PENDING);
    }

    #[test]
    fn classes_are_checked_at_the_door() {
        assert!(Phase::new("", 2, 2, &[0, 1, 2, PENDING]).is_ok());
        let message = Phase::new("", 2, 2, &[0, 1, 2, 3]).unwrap_err().to_string();
        assert_eq!(message, "classes: got 3, expected 0, 1, 2 or 255 (pending)");
        assert!(Phase::new("", 2, 2, &[0; 3]).is_err());
        assert!(Phase::new("", 0, 0, &[]).is_err());
        assert!(Phase::new("", usize::MAX, 2, &[0; 3]).is_err());
    }
}
