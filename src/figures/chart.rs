//! Lines, steps, points and bands on two axes.
//!
//! Series have direct labels at the ends of their lines where those fit, else a legend. Reference lines ([`Rule`]) carry
//! their names at the edge. Everything is clipped to the plot; numbers that are not finite break a line. No text covers
//! another: what finds no free place is left out, and the mark still shows.

pub use super::axis::{Axis, Scale};
use super::axis::{TICK_MARK, draw_axes, level_ticks};
use super::boxes::{Box2, Point};
use super::color::mix;
use super::labels::spread;
use super::panels::{Figure, MOST_WIDE, draw_legend, legend_height};
use super::series::draw_dots;
pub use super::series::{Mark, Series, Shape, Source};
use super::sheet::{Align, Sheet};
use super::spots::{Extent, Key, Spot};
use super::text::text_width;
use super::theme::{Theme, Tint};
use crate::order;
use plotters::backend::DrawingBackend;
use plotters::style::RGBColor;
use serde::{Deserialize, Serialize};

/// Height of a row of texts beside the plot.
const ROW: f64 = 15.0;

/// From the plot to the names beside it, with room for a leader.
const NAME_GAP: f64 = 12.0;

/// A reference line across the plot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Where, in the axis' own numbers.
    pub value: f64,
    /// What is written at its end; empty for nothing.
    pub name: String,
    /// Upright, at a value of x; else level, at a value of y.
    pub upright: bool,
}

impl Rule {
    /// A level line.
    pub fn level(value: f64, name: impl Into<String>) -> Self {
        Self { value, name: name.into(), upright: false }
    }

    /// An upright line.
    pub fn upright(value: f64, name: impl Into<String>) -> Self {
        Self { value, name: name.into(), upright: true }
    }
}

/// An x–y chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is shown, the last on top.
    pub series: Vec<Series>,
    /// Reference lines.
    pub rules: Vec<Rule>,
    /// Texts beside points of the plot.
    pub notes: Vec<(Point, String)>,
    /// A place in time: an upright line in ink.
    pub cursor: Option<f64>,
    /// The series to light up; the others are dimmed.
    pub highlight: Option<usize>,
    /// Height of the picture in widths.
    pub aspect: f64,
    /// The least space to the left and to the right of the plot, in CSS pixels.
    pub margins: (f64, f64),
}

impl Chart {
    /// A chart of these series, 0.62 times as high as wide.
    pub fn new(x: Axis, y: Axis, series: Vec<Series>) -> Self {
        let (rules, notes) = (Vec::new(), Vec::new());
        Self { x, y, series, rules, notes, cursor: None, highlight: None, aspect: 0.62, margins: (0.0, 0.0) }
    }

    /// The same with reference lines.
    pub fn with_rules(self, rules: Vec<Rule>) -> Self {
        Self { rules, ..self }
    }

    /// The same with texts at points.
    pub fn with_notes(self, notes: Vec<(Point, String)>) -> Self {
        Self { notes, ..self }
    }

    /// The same with a cursor.
    pub fn with_cursor(self, cursor: Option<f64>) -> Self {
        Self { cursor, ..self }
    }

    /// The same with a series lit up; one that does not exist lights none.
    pub fn with_highlight(self, highlight: Option<usize>) -> Self {
        Self { highlight: highlight.filter(|&idx| idx < self.series.len()), ..self }
    }

    /// The same with another height, in widths.
    pub fn with_aspect(self, aspect: f64) -> Self {
        Self { aspect, ..self }
    }

    /// The same two charts with equal margins, so that their plots stand one below the other.
    pub fn aligned(self, other: Self) -> (Self, Self) {
        let margins = |chart: &Self| {
            let place = Box2 { x: 0.0, y: 0.0, width: MOST_WIDE, height: chart.height(MOST_WIDE) };
            let plot = chart.plot(&place);
            (plot.x, place.width - plot.right())
        };
        let (a, b) = (margins(&self), margins(&other));
        let margins = (a.0.max(b.0), a.1.max(b.1));
        (Self { margins, ..self }, Self { margins, ..other })
    }

    /// The colour of a series: paler where another is meant.
    fn color(&self, theme: &Theme, idx: usize, is_meant: Option<bool>) -> RGBColor {
        let series = &self.series[idx];
        let tint = theme.tint(series.tint);
        match is_meant {
            // What is meant shows in full, also where it is one of many.
            Some(true) => tint,
            Some(false) => theme.dimmed(mix(theme.card, tint, series.strength.clamp(0.0, 1.0))),
            None => mix(theme.card, tint, series.strength.clamp(0.0, 1.0)),
        }
    }

    /// Whether each series is meant, by its own index or as the line of the feature that is lit; none where nothing is.
    fn meant(&self, lit: Option<usize>) -> Vec<Option<bool>> {
        let lit = lit.filter(|_| self.series.iter().any(|series| series.feature == lit));
        let is_meant = |idx: usize| match (self.highlight, lit) {
            (_, Some(lit)) => Some(self.series[idx].feature == Some(lit)),
            (Some(meant), None) => Some(meant == idx),
            (None, None) => None,
        };
        (0..self.series.len()).map(is_meant).collect()
    }

    /// Names that a legend would hold.
    fn legend(&self) -> Vec<(String, Tint)> {
        let named = self.series.iter().filter(|series| !series.name.is_empty());
        named.map(|series| (series.name.clone(), series.tint)).collect()
    }

    /// Whether every named series is a line that ends near the right edge and has room for its name there.
    fn has_direct_labels(&self, place: &Box2) -> bool {
        let named = || self.series.iter().filter(|series| !series.name.is_empty());
        let ends_right = |series: &Series| {
            let last = series.points.iter().rev().find(|point| point.1.is_finite());
            series.is_line() && last.is_some_and(|last| self.x.place(last.0) > 0.8)
        };
        let widest = named().map(|series| text_width(&series.name, Theme::TICK, true)).fold(0.0, f64::max);
        let count = named().count() + self.rules.iter().filter(|rule| !rule.upright).count();
        named().count() > 0
            && named().all(ends_right)
            && widest < 0.3 * place.width
            && count as f64 * ROW < 0.8 * (place.height - 50.0)
    }

    /// The plot inside `place`: margins come from the texts, by the widths of [`super::text`].
    fn plot(&self, place: &Box2) -> Box2 {
        let direct = self.has_direct_labels(place);
        let width_of = |text: &str, bold| text_width(text, Theme::TICK, bold);
        let names = self.series.iter().filter(|_| direct).map(|series| width_of(&series.name, true));
        let rules = self.rules.iter().filter(|rule| !rule.upright).map(|rule| width_of(&rule.name, false));
        let widest = names.chain(rules).fold(0.0, f64::max);
        // A number at the end of the x axis stands half beyond it.
        let last =
            self.x.ticks((place.width / 48.0) as usize).into_iter().filter(|(value, _)| self.x.place(*value) > 0.9);
        let half = last.map(|(_, text)| width_of(&text, false) / 2.0 + 1.0).fold(10.0, f64::max);
        let right = if widest > 0.0 { widest + NAME_GAP + 3.0 } else { half };
        let top = if direct { 8.0 } else { legend_height(&self.legend(), place.width).max(8.0) };
        let top = top + if self.rules.iter().any(|rule| rule.upright && !rule.name.is_empty()) { ROW } else { 0.0 };
        let bottom = TICK_MARK + 19.0 + if self.x.title.is_empty() { 0.0 } else { 21.0 };
        let height = (place.height - top - bottom).max(8.0);
        let ticks = self.y.ticks(level_ticks(height));
        let tick_width = ticks.iter().map(|(_, text)| width_of(text, false)).fold(0.0, f64::max);
        let left = tick_width + TICK_MARK + 5.0 + if self.y.title.is_empty() { 0.0 } else { 21.0 };
        let (left, right) = (left.max(self.margins.0), right.max(self.margins.1));
        Box2 { x: place.x + left, y: place.y + top, width: (place.width - left - right).max(8.0), height }
    }

    /// The point of the sheet for a point of the data.
    fn at(&self, plot: &Box2, (x, y): Point) -> Point {
        (plot.x + self.x.place(x) * plot.width, plot.bottom() - self.y.place(y) * plot.height)
    }

    /// The x of the data under a point of the sheet, for a figure drawn into `place`: what a scrubber is set to.
    pub fn x_at(&self, place: &Box2, sheet_x: f64) -> f64 {
        let plot = self.plot(place);
        let t = ((sheet_x - plot.x) / plot.width).clamp(0.0, 1.0);
        match self.x.scale {
            Scale::Linear => self.x.from + t * (self.x.to - self.x.from),
            Scale::Log => self.x.from * (self.x.to / self.x.from).powf(t),
        }
    }
}

impl Figure for Chart {
    fn height(&self, width: f64) -> f64 {
        // A narrow chart keeps a readable height, a wide one does not tower.
        (self.aspect * width).clamp(220.0_f64.min(width), 460.0)
    }

    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        let plot = self.plot(place);
        draw_axes(sheet, theme, (&self.x, &self.y), &plot, place, true);
        self.draw_rules(sheet, theme, &plot);
        // The meant series last, on top.
        let meant = self.meant(sheet.highlight);
        let mut order: Vec<usize> = (0..self.series.len()).collect();
        order::sort_by_key(&mut order, |&idx| {
            (meant[idx] == Some(true), !matches!(self.series[idx].mark, Mark::Band(_)))
        });
        for idx in order {
            self.draw_series(sheet, theme, &plot, idx, meant[idx]);
            self.spot_series(sheet, &plot, idx);
        }
        if let Some(cursor) = self.cursor {
            let x = sheet.hair(plot.x + self.x.place(cursor).clamp(0.0, 1.0) * plot.width);
            sheet.path(&[(x, plot.y), (x, plot.bottom())], Theme::OUTLINE, theme.ink);
        }
        self.draw_side_labels(sheet, theme, &plot, place);
        if !self.has_direct_labels(place) {
            let named: Vec<usize> = (0..self.series.len()).filter(|&idx| !self.series[idx].name.is_empty()).collect();
            draw_legend(sheet, theme, &self.legend(), place, |sheet, idx, swatch| {
                self.draw_swatch(sheet, theme, named[idx], swatch);
            });
        }
        self.draw_notes(sheet, theme, &plot);
    }

    fn tell(&self, key: Key) -> String {
        let (series_idx, point_idx) = key.indices();
        let Some(series) = self.series.get(series_idx) else { return String::new() };
        let Some(&(x, y)) = series.points.get(point_idx) else { return String::new() };
        let source = series.source(point_idx);
        let mut whose: Vec<String> = Vec::new();
        whose.extend(source.feature.map(|feature| format!("feature {}", feature + 1)));
        whose.extend((!series.name.is_empty()).then(|| series.name.clone()));
        let whose = if whose.is_empty() { String::new() } else { format!("{}, ", whose.join(", ")) };
        let training = if source.provisional { ", still in training" } else { "" };
        format!("{whose}{}: {}{training}", self.x.tell(x, " = "), self.y.tell(y, " "))
    }
}

impl Chart {
    fn draw_rules<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, plot: &Box2) {
        for rule in &self.rules {
            let along = if rule.upright { self.x.place(rule.value) } else { self.y.place(rule.value) };
            if !(-1e-9..=1.0 + 1e-9).contains(&along) {
                continue;
            }
            let (x, y) = (plot.x + along * plot.width, plot.bottom() - along * plot.height);
            let (x, y) = (sheet.hair(x), sheet.hair(y));
            let ends = if rule.upright { [(x, plot.y), (x, plot.bottom())] } else { [(plot.x, y), (plot.right(), y)] };
            sheet.dashed(&ends, 3.0, Theme::HAIRLINE, theme.faint);
            if rule.upright {
                let wide =
                    Box2 { x: plot.x - 30.0, y: plot.y - ROW - 4.0, width: plot.width + 40.0, height: ROW + 4.0 };
                let places = [(x, Align::Middle), (plot.right(), Align::Right), (plot.x, Align::Left)];
                let places = places.map(|(x, align)| ((x, plot.y - 9.0), align));
                // At an edge of the plot a name still has to stand above its own line.
                let half = text_width(&rule.name, Theme::SMALL, false) / 2.0;
                let near = [true, plot.right() - x < half, x - plot.x < half];
                let mut places: Vec<_> =
                    places.into_iter().zip(near).filter_map(|(at, near)| near.then_some(at)).collect();
                // Beside its line, where another name is near.
                let y = plot.y - 9.0;
                places.extend([((x + 2.0, y), Align::Left), ((x - 2.0, y), Align::Right)]);
                sheet.label(&rule.name, &places, &wide, &theme.plain(Theme::SMALL));
            }
        }
    }

    fn draw_series<DB: DrawingBackend>(
        &self,
        sheet: &Sheet<DB>,
        theme: &Theme,
        plot: &Box2,
        idx: usize,
        is_meant: Option<bool>,
    ) {
        let series = &self.series[idx];
        let color = self.color(theme, idx, is_meant);
        let points: Vec<Point> = series.points.iter().map(|&point| self.at(plot, point)).collect();
        let stroke = if is_meant == Some(true) { 2.6 } else { 1.8 };
        let hollow = |k: usize| series.source(k).provisional;
        match &series.mark {
            Mark::Line => draw_line(sheet, plot, &points, stroke, None, color),
            Mark::Dashed => draw_line(sheet, plot, &points, stroke, Some(5.0), color),
            Mark::Step => {
                let mut steps = Vec::with_capacity(2 * points.len());
                for pair in points.windows(2) {
                    steps.extend([pair[0], (pair[1].0, pair[0].1)]);
                }
                steps.extend(points.last());
                draw_line(sheet, plot, &steps, stroke, None, color);
            }
            Mark::Dots(shape, radius) => draw_dots(sheet, theme, plot, &points, (*shape, *radius), color, hollow),
            Mark::LineDots => {
                draw_line(sheet, plot, &points, stroke, None, color);
                draw_dots(sheet, theme, plot, &points, (Shape::Disc, 3.2), color, hollow);
            }
            Mark::Band(lower) => {
                let color = mix(theme.card, color, 0.22);
                let lower = series.points.iter().zip(lower).map(|(&(x, _), &low)| self.at(plot, (x, low)));
                let inside = |(x, y): Point| (x.clamp(plot.x, plot.right()), y.clamp(plot.y, plot.bottom()));
                let mut corners: Vec<Point> = points.into_iter().chain(lower.rev()).collect();
                corners.retain(|(x, y)| x.is_finite() && y.is_finite());
                let corners: Vec<Point> = corners.into_iter().map(inside).collect();
                if corners.len() > 2 {
                    sheet.polygon(&corners, color);
                }
            }
        }
    }

    /// What can be pointed at in a series: its points, and a line from point to point.
    fn spot_series<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, plot: &Box2, idx: usize) {
        let series = &self.series[idx];
        let radius = match series.mark {
            Mark::Band(_) => return,
            Mark::Dots(_, radius) => Some(radius),
            Mark::LineDots => Some(3.2),
            Mark::Line | Mark::Dashed | Mark::Step => None,
        };
        let around = plot.grown(0.5);
        for (k, &point) in series.points.iter().enumerate() {
            let at = self.at(plot, point);
            // The next point is of use to a line only, and of dots there may be thousands.
            let next = if radius.is_none() { series.points.get(k + 1) } else { None };
            let extent = match next {
                Some(&next) => {
                    let next = self.at(plot, next);
                    let next = if series.mark == Mark::Step { (next.0, at.1) } else { next };
                    plot.clip(at, next).map(|(a, b)| Extent::Line(a, b))
                }
                None => around.holds(at).then_some(Extent::Disc(at, radius.unwrap_or(1.0))),
            };
            let source = series.source(k);
            if let Some(extent) = extent {
                let spot = Spot::new(extent, 0, idx, k).of(source.feature).by(source.job);
                // A line of a feature is lit as a line.
                sheet.spot(if series.feature.is_some() { spot.quiet() } else { spot });
            }
        }
    }

    /// A short piece of a series, for the legend.
    fn draw_swatch<DB: DrawingBackend>(&self, sheet: &Sheet<DB>, theme: &Theme, idx: usize, swatch: &Box2) {
        let (color, (x, y)) = (self.color(theme, idx, None), swatch.centre());
        let ends = [(swatch.x, y), (swatch.right(), y)];
        match &self.series[idx].mark {
            Mark::Line | Mark::Step => sheet.path(&ends, 1.8, color),
            Mark::Dashed => sheet.dashed(&ends, 3.6, 1.8, color),
            Mark::LineDots => {
                sheet.path(&ends, 1.8, color);
                sheet.disc((x, y), 3.2, color);
            }
            // Points that are dots in the plot would be lost in a legend.
            Mark::Dots(shape, r) => draw_dots(sheet, theme, swatch, &[(x, y)], (*shape, r.max(2.6)), color, |_| false),
            Mark::Band(_) => sheet.fill(swatch, mix(theme.card, color, 0.22)),
        }
    }

    /// Names of level rules and of lines at the right edge, moved apart where they are near each other.
    fn draw_side_labels<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, plot: &Box2, place: &Box2) {
        // Where the line ends, its name, and how that is written.
        let mut labels: Vec<(Point, &str, RGBColor, bool)> = Vec::new();
        for rule in self.rules.iter().filter(|rule| !rule.upright && !rule.name.is_empty()) {
            let along = self.y.place(rule.value);
            if (-1e-9..=1.0 + 1e-9).contains(&along) {
                let end = (plot.right(), plot.bottom() - along * plot.height);
                labels.push((end, &rule.name, theme.soft, false));
            }
        }
        if self.has_direct_labels(place) {
            for series in self.series.iter().filter(|series| !series.name.is_empty()) {
                let last = series.points.iter().rev().find(|point| point.1.is_finite());
                let (x, y) = last.map_or(plot.centre(), |&last| self.at(plot, last));
                let y = if y.is_finite() { y.clamp(plot.y, plot.bottom()) } else { plot.bottom() };
                labels.push(((x.min(plot.right()), y), &series.name, theme.tint_text(series.tint), true));
            }
        }
        let wished: Vec<f64> = labels.iter().map(|label| label.0.1).collect();
        let places = spread(&wished, ROW, (plot.y, (plot.bottom() - 2.0).max(plot.y)));
        for ((end, name, color, bold), y) in labels.into_iter().zip(places) {
            if (y - end.1).abs() > 3.0 || end.0 < plot.right() - NAME_GAP {
                // A name that had to move, or whose line ends early, is led back to it.
                let ends = [(end.0 + if bold { 5.0 } else { 2.0 }, end.1), (plot.right() + NAME_GAP - 2.0, y)];
                sheet.path(&ends, Theme::HAIRLINE, theme.faint);
            }
            let ink = super::sheet::Ink { size: Theme::TICK, bold, color, background: theme.card };
            sheet.label(name, &[((plot.right() + NAME_GAP, y), Align::Left)], &place.grown(1.0), &ink);
        }
    }

    fn draw_notes<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, plot: &Box2) {
        // A note lies on no line: what it says would be crossed out.
        let joined = self.series.iter().filter(|series| series.is_line());
        let segments = joined.flat_map(|series| series.points.windows(2));
        let mut lines: Vec<(Point, Point)> =
            segments.map(|pair| (self.at(plot, pair[0]), self.at(plot, pair[1]))).collect();
        if let Some(cursor) = self.cursor {
            let x = plot.x + self.x.place(cursor) * plot.width;
            lines.push(((x, plot.y), (x, plot.bottom())));
        }
        for (point, text) in &self.notes {
            let (x, y) = self.at(plot, *point);
            let farther = [-26.0, 26.0, -40.0, 40.0].map(|dy| ((x, y + dy), Align::Middle));
            let sides = [
                ((x + 8.0, y), Align::Left),
                ((x - 8.0, y), Align::Right),
                ((x, y - 13.0), Align::Middle),
                ((x, y + 13.0), Align::Middle),
                ((x + 6.0, y - 13.0), Align::Left),
                ((x - 6.0, y - 13.0), Align::Right),
                ((x + 6.0, y + 13.0), Align::Left),
                ((x - 6.0, y + 13.0), Align::Right),
            ];
            let ink = theme.plain(Theme::TICK);
            let mut free = Vec::with_capacity(sides.len());
            for side in sides.into_iter().chain(farther) {
                let label = sheet.text_box(text, side.0, side.1, &ink);
                if !lines.iter().any(|&(a, b)| label.meets_segment(a, b)) {
                    free.push(side);
                }
            }
            sheet.label(text, &free, &plot.grown(4.0), &ink);
        }
    }
}

/// Draws a line as far as it lies in the plot; points that are not finite break it.
pub(super) fn draw_line<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    plot: &Box2,
    points: &[Point],
    width: f64,
    dash: Option<f64>,
    color: RGBColor,
) {
    let mut piece: Vec<Point> = Vec::new();
    let flush = |piece: &mut Vec<Point>| {
        match dash {
            _ if piece.len() < 2 => {}
            Some(dash) => sheet.dashed(piece, dash, width, color),
            None => sheet.path(piece, width, color),
        }
        piece.clear();
    };
    for pair in points.windows(2) {
        match plot.clip(pair[0], pair[1]) {
            Some((a, b)) => {
                if piece.last() != Some(&a) {
                    flush(&mut piece);
                    piece.push(a);
                }
                piece.push(b);
            }
            None => flush(&mut piece),
        }
    }
    flush(&mut piece);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scrubber_finds_the_place_again() {
        let chart = Chart::new(Axis::log("step", 1.0, 1e4), Axis::linear("loss", 0.0, 1.0), Vec::new());
        let place = Box2 { x: 10.0, y: 0.0, width: 400.0, height: 250.0 };
        let (x, _) = chart.at(&chart.plot(&place), (300.0, 0.5));
        assert!((chart.x_at(&place, x) - 300.0).abs() < 1e-6);
    }
}
