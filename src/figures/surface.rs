//! A scalar field on a grid: filled levels with contour lines, paths down it, and its minima by name.
//!
//! Low is dark and high fades into the background. Levels are even in the value, or in its logarithm where the field falls
//! over decades. Contours come from marching squares with linear interpolation, joined into long lines.

use super::axis::{Axis, draw_axes};
use super::boxes::{Box2, Point};
use super::chart::draw_line;
use super::color::{mix, readable};
use super::panels::Figure;
use super::sheet::{Align, Ink, Sheet};
use super::spots::{Extent, Key, Spot};
use super::text::{number, rounded, text_width, written};
use super::theme::{Theme, Tint};
use plotters::backend::DrawingBackend;
use plotters::style::RGBColor;
use serde::{Deserialize, Serialize};

/// Contours at most; there is a colour between each two.
const LEVELS: usize = 14;
/// Parts of the picture: named points, paths, cells.
const MINIMUM: u8 = 0;
const PATH: u8 = 1;
const CELL: u8 = 2;
/// Where the name of a minimum may stand, from its point.
const SIDES: [(f64, f64, Align); 8] = [
    (0.0, -17.0, Align::Middle),
    (0.0, 17.0, Align::Middle),
    (12.0, 0.0, Align::Left),
    (-12.0, 0.0, Align::Right),
    (8.0, -17.0, Align::Left),
    (-8.0, -17.0, Align::Right),
    (8.0, 17.0, Align::Left),
    (-8.0, 17.0, Align::Right),
];
/// Width of the colour bar and its numbers.
const SCALE: (f64, f64) = (10.0, 58.0);

/// A field of numbers over two axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The horizontal axis; columns are evenly spaced on it.
    pub x: Axis,
    /// The vertical axis; rows are evenly spaced on it, row 0 at its start.
    pub y: Axis,
    /// What the colours measure.
    pub name: String,
    /// How many columns.
    pub columns: usize,
    /// The values, `[rows][columns]`, both at least 2.
    pub values: Vec<f64>,
    /// Whether levels are even in the logarithm; the values must be above 0.
    pub log: bool,
    /// Paths on it.
    pub paths: Vec<Vec<Point>>,
    /// Named points, such as minima; an empty name is not written.
    pub minima: Vec<(Point, String)>,
}

impl Field {
    /// A field without paths.
    ///
    /// # Panics
    /// If the values make no grid of at least 2 × 2.
    pub fn new(x: Axis, y: Axis, name: impl Into<String>, columns: usize, values: Vec<f64>) -> Self {
        assert!(columns >= 2 && values.len() >= 2 * columns && values.len().is_multiple_of(columns), "a grid");
        Self { x, y, name: name.into(), columns, values, log: false, paths: Vec::new(), minima: Vec::new() }
    }

    /// The same with levels even in the logarithm.
    pub fn with_log(self) -> Self {
        Self { log: true, ..self }
    }

    /// The same with paths.
    pub fn with_paths(self, paths: Vec<Vec<Point>>) -> Self {
        Self { paths, ..self }
    }

    /// The same with named points.
    pub fn with_minima(self, minima: Vec<(Point, String)>) -> Self {
        Self { minima, ..self }
    }

    fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    /// The values on the scale of the levels.
    fn heights(&self) -> Vec<f64> {
        self.values.iter().map(|&value| if self.log { value.max(1e-300).log10() } else { value }).collect()
    }

    /// The least and the greatest height that is finite.
    fn range(heights: &[f64]) -> (f64, f64) {
        let finite = heights.iter().copied().filter(|height| height.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low < high { (low, high) } else { (0.0, 1.0) }
    }

    fn color(&self, theme: &Theme, t: f64) -> RGBColor {
        // From the darkest of the ramp of importance to the card: few hues, so that paths and names stand out.
        let strong = mix(theme.tint(Tint::Ramp(0.25)), theme.card, 0.1);
        mix(strong, theme.card, t.clamp(0.0, 1.0).powf(0.7))
    }

    /// The contour at a level of these heights as lines of grid coordinates (column, row).
    fn contour(&self, heights: &[f64], level: f64) -> Vec<Vec<Point>> {
        let columns = self.columns;
        let value = |row: usize, column: usize| heights[row * columns + column] - level;
        // Each crossing is named by the grid edge it lies on: from a node, to the right (0) or upward (1).
        let edge = |row: usize, column: usize, upward: usize| 2 * (row * columns + column) + upward;
        let crossing = |edge: usize| -> Point {
            let (row, column, upward) = (edge / 2 / columns, edge / 2 % columns, edge % 2 == 1);
            let a = value(row, column);
            let b = if upward { value(row + 1, column) } else { value(row, column + 1) };
            let t = a / (a - b);
            if upward { (column as f64, row as f64 + t) } else { (column as f64 + t, row as f64) }
        };
        let mut joined: Vec<Vec<usize>> = vec![Vec::new(); 2 * self.values.len()];
        for row in 0..self.rows() - 1 {
            for column in 0..columns - 1 {
                let corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)];
                let corners = corners.map(|(row, column)| value(row, column));
                if corners.iter().any(|corner| !corner.is_finite()) {
                    continue;
                }
                let sides =
                    [edge(row, column, 0), edge(row, column + 1, 1), edge(row + 1, column, 0), edge(row, column, 1)];
                let crossed: Vec<usize> =
                    (0..4).filter(|&k| (corners[k] < 0.0) != (corners[(k + 1) % 4] < 0.0)).collect();
                // In a saddle the mean decides which corners are joined.
                let pairs: &[(usize, usize)] = match crossed.len() {
                    2 => &[(crossed[0], crossed[1])],
                    4 if (corners.iter().sum::<f64>() < 0.0) == (corners[0] < 0.0) => &[(0, 1), (2, 3)],
                    4 => &[(3, 0), (1, 2)],
                    _ => &[],
                };
                for &(a, b) in pairs {
                    joined[sides[a]].push(sides[b]);
                    joined[sides[b]].push(sides[a]);
                }
            }
        }
        let mut lines = Vec::new();
        // Open lines from their ends first, then what is left: rings.
        let ends: Vec<usize> = (0..joined.len()).filter(|&edge| joined[edge].len() == 1).collect();
        for start in ends.into_iter().chain(0..joined.len()) {
            if joined[start].is_empty() {
                continue;
            }
            let mut line = vec![crossing(start)];
            let mut here = start;
            while let Some(next) = joined[here].pop() {
                let back = &mut joined[next];
                if let Some(place) = back.iter().position(|&edge| edge == here) {
                    back.swap_remove(place);
                }
                line.push(crossing(next));
                here = next;
            }
            if line.len() > 1 {
                lines.push(line);
            }
        }
        lines
    }

    fn plot(&self, place: &Box2) -> Box2 {
        let left = 21.0 + 9.0 + text_width("−0.5", Theme::TICK, false);
        let bottom = 23.0 + if self.x.title.is_empty() { 0.0 } else { 21.0 };
        let (width, height) = (place.width - left - SCALE.0 - SCALE.1, place.height - 24.0 - bottom);
        Box2 { x: place.x + left, y: place.y + 24.0, width: width.max(8.0), height: height.max(8.0) }
    }
}

impl Figure for Field {
    fn height(&self, width: f64) -> f64 {
        (0.86 * width).min(480.0)
    }

    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        let plot = self.plot(place);
        let heights = self.heights();
        let (low, high) = Self::range(&heights);
        let (rows, columns) = (self.rows(), self.columns);
        let (step_x, step_y) = (plot.width / (columns - 1) as f64, plot.height / (rows - 1) as f64);
        let on_plot = |(column, row): Point| (plot.x + column * step_x, plot.bottom() - row * step_y);
        // Whole pixels, so that nothing shows between what is filled side by side.
        let snapped = |at: Point| {
            let (x, y) = on_plot(at);
            (sheet.edge(x.clamp(plot.x, plot.right())), sheet.edge(y.clamp(plot.y, plot.bottom())))
        };
        let spots: Vec<Spot> = (0..self.values.len())
            .filter(|&idx| heights[idx].is_finite())
            .map(|idx| {
                // A box around each node, cut off at the edge of the plot.
                let (row, column) = ((idx / columns) as f64, (idx % columns) as f64);
                let (around, opposite) = (snapped((column - 0.5, row + 0.5)), snapped((column + 0.5, row - 0.5)));
                let (width, height) = (opposite.0 - around.0, opposite.1 - around.1);
                let extent = Extent::Box(Box2 { x: around.0, y: around.1, width, height });
                Spot::new(extent, CELL, idx / columns, idx % columns)
            })
            .collect();
        let shade = |level: i32| self.color(theme, (f64::from(level) + 0.5) / LEVELS as f64);
        self.draw_levels(sheet, &heights, &snapped, &shade);
        for level in 1..LEVELS {
            let value = low + (high - low) * level as f64 / LEVELS as f64;
            let color = mix(self.color(theme, level as f64 / LEVELS as f64), theme.ink, 0.25);
            for line in self.contour(&heights, value) {
                let line: Vec<Point> = line.into_iter().map(on_plot).collect();
                sheet.path(&line, 0.8, color);
            }
        }
        for spot in spots {
            sheet.spot(spot);
        }
        let at = |(x, y): Point| (plot.x + self.x.place(x) * plot.width, plot.bottom() - self.y.place(y) * plot.height);
        for (path_idx, path) in self.paths.iter().enumerate() {
            let points: Vec<Point> = path.iter().map(|&point| at(point)).collect();
            draw_line(sheet, &plot, &points, 2.6, None, theme.card);
            draw_line(sheet, &plot, &points, 1.4, None, theme.tint(Tint::Kind(1)));
            if let Some(&start) = points.first().filter(|&&start| plot.holds(start)) {
                sheet.disc(start, 2.6, theme.tint(Tint::Kind(1)));
                sheet.spot(Spot::new(Extent::Disc(start, 2.6), PATH, path_idx, 0));
            }
        }
        draw_axes(sheet, theme, (&self.x, &self.y), &plot, place, false);
        self.draw_minima(sheet, theme, &plot, &at);
        self.draw_scale(sheet, theme, (low, high), &plot, place, &shade);
    }

    fn tell(&self, key: Key) -> String {
        let (a, b) = key.indices();
        let point = |(x, y): Point| {
            let at = |axis: &Axis, value: f64| axis.tell(rounded(value), " ");
            format!("{}, {}", at(&self.x, x), at(&self.y, y))
        };
        match key.part {
            MINIMUM => self.minima.get(a).map_or(String::new(), |(at, name)| {
                // The surface is the same for both signs, and only one of two carries the name.
                let named =
                    |(x, y): Point| self.minima.iter().find(|(other, _)| *other == (x, y)).map(|(_, name)| name);
                let name = if name.is_empty() { named((-at.0, -at.1)).map_or("", String::as_str) } else { name };
                format!("{}{}", if name.is_empty() { String::new() } else { format!("{name}: ") }, point(*at))
            }),
            PATH => match self.paths.get(a).map(|path| (path.first(), path.last())) {
                Some((Some(start), Some(end))) => format!("descent from {} to {}", pair(*start), pair(*end)),
                _ => String::new(),
            },
            _ => {
                let Some(&value) = self.values.get(a * self.columns + b) else { return String::new() };
                let (x, y) = (self.x.number_at(b, self.columns), self.y.number_at(a, self.rows()));
                format!("{}: {} {}", point((x, y)), self.name, number(rounded(value)))
            }
        }
    }
}

/// A point in short.
fn pair((x, y): Point) -> String {
    format!("({}, {})", number(rounded(x)), number(rounded(y)))
}

impl Field {
    /// Fills what lies between contours, up to their lines.
    ///
    /// Each square between four nodes has the colour of its lowest level, neighbours of one level in a row as one rectangle; then,
    /// from below, that part of it which lies above each higher level.
    fn draw_levels<DB: DrawingBackend>(
        &self,
        sheet: &Sheet<DB>,
        heights: &[f64],
        snapped: &impl Fn(Point) -> Point,
        shade: &impl Fn(i32) -> RGBColor,
    ) {
        let (low, high) = Self::range(heights);
        let columns = self.columns;
        let along = |row: usize, column: usize| (heights[row * columns + column] - low) / (high - low) * LEVELS as f64;
        let level_of = |value: f64| value.floor().clamp(0.0, LEVELS as f64 - 1.0) as i32;
        let mut squares: Vec<(i32, Box2)> = Vec::new();
        let mut crossed: Vec<(i32, Vec<Point>)> = Vec::new();
        for row in 0..self.rows() - 1 {
            let mut run: Option<(i32, usize)> = None;
            let mut end_run = |run: &mut Option<(i32, usize)>, end: usize| {
                if let Some((level, start)) = run.take() {
                    let (top, bottom) = (snapped((start as f64, row as f64 + 1.0)), snapped((end as f64, row as f64)));
                    let (width, height) = (bottom.0 - top.0, bottom.1 - top.1);
                    squares.push((level, Box2 { x: top.0, y: top.1, width, height }));
                }
            };
            for column in 0..columns - 1 {
                let corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)];
                let heights = corners.map(|(row, column)| along(row, column));
                if heights.iter().any(|height| !height.is_finite()) {
                    end_run(&mut run, column);
                    continue;
                }
                let lowest = level_of(heights.into_iter().fold(f64::INFINITY, f64::min));
                let highest = level_of(heights.into_iter().fold(f64::NEG_INFINITY, f64::max));
                if run.is_some_and(|(level, _)| level != lowest) {
                    end_run(&mut run, column);
                }
                run.get_or_insert((lowest, column));
                let places = corners.map(|(row, column)| snapped((column as f64, row as f64)));
                for level in lowest + 1..=highest {
                    let parts = parts_above(&places, &heights.map(|height| height - f64::from(level)));
                    crossed.extend(parts.into_iter().map(|part| (level, part)));
                }
            }
            end_run(&mut run, columns - 1);
        }
        // Equal colours one after the other: the document joins them.
        for level in 0..LEVELS as i32 {
            for (_, square) in squares.iter().filter(|(own, _)| *own == level) {
                sheet.fill(square, shade(level));
            }
        }
        for level in 0..LEVELS as i32 {
            for (_, part) in crossed.iter().filter(|(own, _)| *own == level) {
                sheet.polygon(part, shade(level));
            }
        }
    }

    fn draw_minima<DB: DrawingBackend>(
        &self,
        sheet: &mut Sheet<DB>,
        theme: &Theme,
        plot: &Box2,
        at: &impl Fn(Point) -> Point,
    ) {
        let ink = theme.strong(Theme::TICK);
        let seen = |point: Point| Some(at(point)).filter(|&at| plot.holds(at));
        for (idx, (point, _)) in self.minima.iter().enumerate() {
            if let Some(at) = seen(*point) {
                sheet.disc(at, 5.2, theme.card);
                sheet.disc(at, 3.8, theme.ink);
                sheet.spot(Spot::new(Extent::Disc(at, 3.8), MINIMUM, idx, 0));
            }
        }
        for (point, name) in self.minima.iter().filter(|(_, name)| !name.is_empty()) {
            // The place that hides the fewest points, at either of the two that mirror each other.
            let mut best: Option<(usize, Box2, Point, Align)> = None;
            for (other, _) in &self.minima {
                let is_meant = *other == *point || *other == (-point.0, -point.1);
                let Some((x, y)) = seen(*other).filter(|_| is_meant) else { continue };
                for (dx, dy, align) in SIDES {
                    let at = (x + dx, y + dy);
                    let label = sheet.text_box(name, at, align, &ink).grown(2.0);
                    if !plot.contains(&label) || sheet.texts().iter().any(|other| other.place().overlaps(&label)) {
                        continue;
                    }
                    let hides = |spot: &&Spot| match spot.extent {
                        Extent::Disc(at, radius) => label.grown(radius + 2.0).holds(at),
                        _ => false,
                    };
                    let hidden = sheet.spots().iter().filter(hides).count();
                    if best.is_none_or(|(least, ..)| hidden < least) {
                        best = Some((hidden, label, at, align));
                    }
                }
            }
            if let Some((_, label, at, align)) = best {
                sheet.fill(&label, theme.card);
                sheet.text(name, at, align, &ink);
            }
        }
    }

    /// The colour bar to the right, high above.
    fn draw_scale<DB: DrawingBackend>(
        &self,
        sheet: &mut Sheet<DB>,
        theme: &Theme,
        (low, high): (f64, f64),
        plot: &Box2,
        place: &Box2,
        shade: &impl Fn(i32) -> RGBColor,
    ) {
        let bar = Box2 { x: plot.right() + 12.0, width: SCALE.0, ..*plot };
        let edge = |level: usize| sheet.edge(bar.bottom() - bar.height * level as f64 / LEVELS as f64);
        for level in 0..LEVELS {
            let (top, bottom) = (edge(level + 1), edge(level));
            sheet.fill(&Box2 { y: top, height: bottom - top, ..bar }, shade(level as i32));
        }
        sheet.frame(&bar, Theme::HAIRLINE, theme.guide());
        let ink = Ink { color: readable(theme.soft, theme.card), ..theme.plain(Theme::SMALL) };
        let every = if bar.height < 160.0 { 7 } else { LEVELS / 4 };
        for level in (0..=LEVELS).step_by(every) {
            let value = low + (high - low) * level as f64 / LEVELS as f64;
            let value = if self.log { 10f64.powf(value) } else { value };
            // Two digits are what a bar can be read to.
            let text = written(value, 2);
            let y = bar.bottom() - bar.height * level as f64 / LEVELS as f64;
            sheet.label(&text, &[((bar.right() + 5.0, y), Align::Left)], &place.grown(3.0), &ink);
        }
        let at = [((place.right(), place.y + 8.0), Align::Right)];
        sheet.label(&self.name, &at, &place.grown(3.0), &theme.plain(Theme::TICK));
    }
}

/// What of a square lies above 0, by the heights of its corners in order around it: the lines across are those of
/// [`Field::contour`].
fn parts_above(places: &[Point; 4], heights: &[f64; 4]) -> Vec<Vec<Point>> {
    let crossing = |a: usize, b: usize| {
        let t = heights[a] / (heights[a] - heights[b]);
        (places[a].0 + t * (places[b].0 - places[a].0), places[a].1 + t * (places[b].1 - places[a].1))
    };
    let is_above = heights.map(|height| height >= 0.0);
    let is_saddle = is_above[0] == is_above[2] && is_above[1] == is_above[3] && is_above[0] != is_above[1];
    // In a saddle the mean decides whether its two corners are joined.
    if is_saddle && heights.iter().sum::<f64>() < 0.0 {
        let corner = |k: usize| vec![crossing((k + 3) % 4, k), places[k], crossing(k, (k + 1) % 4)];
        return (0..4).filter(|&k| is_above[k]).map(corner).collect();
    }
    let mut part = Vec::with_capacity(6);
    for k in 0..4 {
        let next = (k + 1) % 4;
        part.extend(is_above[k].then_some(places[k]));
        part.extend((is_above[k] != is_above[next]).then(|| crossing(k, next)));
    }
    vec![part]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contour_of_a_cone_is_one_ring_at_its_radius() {
        let side = 41;
        let at = |k: usize| k as f64 / 20.0 - 1.0;
        let values = (0..side * side).map(|idx| at(idx % side).hypot(at(idx / side))).collect();
        let axis = || Axis::linear("", -1.0, 1.0);
        let field = Field::new(axis(), axis(), "", side, values);
        let lines = field.contour(&field.heights(), 0.5);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last(), "the ring is closed");
        for (column, row) in &lines[0] {
            let r = (column / 20.0 - 1.0).hypot(row / 20.0 - 1.0);
            assert!((r - 0.5).abs() < 2e-3, "{r}");
        }
    }

    #[test]
    fn what_is_filled_ends_at_the_contour() {
        let places = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
        let area = |corners: &Vec<Point>| {
            let next = corners.iter().cycle().skip(1);
            0.5 * corners.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>().abs()
        };
        let areas = |heights: [f64; 4]| parts_above(&places, &heights).iter().map(area).collect::<Vec<f64>>();
        assert_eq!(areas([1.0; 4]), [1.0]);
        assert_eq!(areas([-1.0, 1.0, 1.0, -1.0]), [0.5]);
        assert_eq!(areas([3.0, -1.0, -1.0, -1.0]), [0.28125], "a corner, cut at three quarters of both sides");
        assert_eq!(areas([1.0, -3.0, 1.0, -3.0]), [0.03125; 2], "a saddle below: two corners");
        assert_eq!(areas([3.0, -1.0, 3.0, -1.0]), [0.9375], "a saddle above: all but two corners");
    }

    #[test]
    fn a_saddle_parts_the_corners_that_its_middle_is_not_with() {
        let side = 20;
        let at = |k: usize| (k as f64 - 9.5) / 9.5;
        // In the middle cell two corners are below 0 and the mean is above: the quadrants of xy < 0 stay apart.
        let values = (0..side * side).map(|idx| at(idx % side) * at(idx / side) + 1e-3).collect();
        let axis = || Axis::linear("", -1.0, 1.0);
        let field = Field::new(axis(), axis(), "", side, values);
        let lines = field.contour(&field.heights(), 0.0);
        assert_eq!(lines.len(), 2);
        for line in lines {
            let left = line.iter().filter(|(column, _)| *column < 9.5).count();
            assert!(left == 0 || left == line.len(), "a line goes from one quadrant to the other");
        }
    }
}
