//! The series of a chart: points that belong together, how they are drawn, and what stands behind each.

use super::boxes::{Box2, Point};
use super::color::mix;
use super::sheet::Sheet;
use super::theme::{Theme, Tint};
use plotters::backend::DrawingBackend;
use plotters::style::RGBColor;
use serde::{Deserialize, Serialize};

/// How a series is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Mark {
    /// A line from point to point.
    Line,
    /// A line in dashes.
    Dashed,
    /// A line that stays at a value until the next point.
    Step,
    /// Points of that radius in CSS pixels.
    Dots(Shape, f64),
    /// A line with a disc at each point.
    LineDots,
    /// The area between the points and these lower values.
    Band(Vec<f64>),
}

/// The shape of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// Filled circle.
    Disc,
    /// Circle.
    Ring,
    /// Filled square.
    Square,
    /// Filled square on its corner.
    Diamond,
    /// Filled triangle.
    Triangle,
    /// Two strokes.
    Cross,
}

/// What stands behind a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Source {
    /// The feature that it is a number of.
    pub feature: Option<usize>,
    /// The instance that it comes from, in the order of the reports.
    pub job: Option<usize>,
    /// Whether that is still in training: such a point is hollow.
    pub provisional: bool,
}

impl Source {
    /// The same of a feature.
    pub fn feature(self, feature: usize) -> Self {
        Self { feature: Some(feature), ..self }
    }
}

/// Points that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What they are; empty for no label.
    pub name: String,
    /// In the order in which a line joins them.
    pub points: Vec<Point>,
    /// Colour.
    pub tint: Tint,
    /// How much of the colour shows, 1 all: less for points that are many.
    pub strength: f64,
    /// Line, points or band.
    pub mark: Mark,
    /// What stands behind each point; none at all where nothing does.
    pub sources: Vec<Source>,
    /// The feature that all of it belongs to: lit with it, and named in words.
    pub feature: Option<usize>,
}

impl Series {
    /// A series in full strength.
    pub fn new(name: impl Into<String>, tint: Tint, mark: Mark, points: Vec<Point>) -> Self {
        Self { name: name.into(), points, tint, strength: 1.0, mark, sources: Vec::new(), feature: None }
    }

    /// The same, paler: `strength` 1 is the colour itself, 0 the card.
    pub fn with_strength(self, strength: f64) -> Self {
        Self { strength, ..self }
    }

    /// The same with what stands behind each point.
    ///
    /// # Panics
    /// If there is not one for each.
    pub fn with_sources(self, sources: Vec<Source>) -> Self {
        assert_eq!(sources.len(), self.points.len(), "a source for each point");
        Self { sources, ..self }
    }

    /// The same as the line of a feature.
    pub fn of_feature(self, feature: usize) -> Self {
        Self { feature: Some(feature), ..self }
    }

    /// What stands behind a point.
    pub(super) fn source(&self, idx: usize) -> Source {
        let source = self.sources.get(idx).copied().unwrap_or_default();
        Source { feature: source.feature.or(self.feature), ..source }
    }

    pub(super) fn is_line(&self) -> bool {
        matches!(self.mark, Mark::Line | Mark::Dashed | Mark::Step | Mark::LineDots)
    }
}

/// From so many points on, those that cover each other to a pixel are drawn once.
const DENSE: usize = 1000;
/// Discs below this radius are squares.
const SMALL: f64 = 1.5;

/// Where in a box marks have been drawn, to a pixel.
struct Covered {
    corner: (i64, i64),
    columns: usize,
    /// A bit for filled marks, a bit for hollow ones.
    cells: Vec<u8>,
}

impl Covered {
    fn new(place: &Box2) -> Self {
        let (corner, end) = (Self::cell((place.x, place.y)), Self::cell((place.right(), place.bottom())));
        let [columns, rows] = [end.0 - corner.0, end.1 - corner.1].map(|cells| cells as usize + 1);
        Self { corner, columns, cells: vec![0; columns * rows] }
    }

    fn cell((x, y): Point) -> (i64, i64) {
        (x.round() as i64, y.round() as i64)
    }

    /// Whether the place of a point in the box was free; from now on it is not.
    fn take(&mut self, at: Point, hollow: bool) -> bool {
        let (column, row) = Self::cell(at);
        let cell = &mut self.cells[(row - self.corner.1) as usize * self.columns + (column - self.corner.0) as usize];
        let bit = 1 << u8::from(hollow);
        let is_free = *cell & bit == 0;
        *cell |= bit;
        is_free
    }
}

/// Draws points as far as they lie in the plot, those that are `hollow` by index as outlines.
pub(super) fn draw_dots<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    theme: &Theme,
    plot: &Box2,
    points: &[Point],
    (shape, r): (Shape, f64),
    color: RGBColor,
    hollow: impl Fn(usize) -> bool,
) {
    let around = plot.grown(0.5);
    // Of thousands of points most lie on others, and what cannot be seen is not worth a stroke.
    let mut covered = (points.len() > DENSE).then(|| Covered::new(&around));
    for (idx, &(x, y)) in points.iter().enumerate().filter(|&(_, &point)| around.holds(point)) {
        if covered.as_mut().is_some_and(|covered| !covered.take((x, y), hollow(idx))) {
            continue;
        }
        let corners = match shape {
            // At this size a disc and a square of its area look the same, and on a raster the square is quicker drawn.
            Shape::Disc if r < SMALL && sheet.is_raster() => {
                let color = if hollow(idx) { mix(theme.card, color, 0.55) } else { color };
                sheet.fill(&Box2::around((x, y), 1.77 * r, 1.77 * r), color);
                continue;
            }
            Shape::Disc | Shape::Ring => {
                if shape == Shape::Ring || hollow(idx) {
                    sheet.disc((x, y), r, theme.card);
                    sheet.ring((x, y), r, Theme::OUTLINE.min(r), color);
                } else {
                    sheet.disc((x, y), r, color);
                }
                continue;
            }
            Shape::Cross => {
                sheet.path(&[(x - r, y - r), (x + r, y + r)], Theme::OUTLINE, color);
                sheet.path(&[(x - r, y + r), (x + r, y - r)], Theme::OUTLINE, color);
                continue;
            }
            Shape::Square if !hollow(idx) => {
                sheet.fill(&Box2::around((x, y), 1.8 * r, 1.8 * r), color);
                continue;
            }
            Shape::Square => {
                let half = 0.9 * r;
                vec![(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
            }
            Shape::Diamond => vec![(x - 1.3 * r, y), (x, y - 1.3 * r), (x + 1.3 * r, y), (x, y + 1.3 * r)],
            Shape::Triangle => vec![(x - 1.1 * r, y + 0.8 * r), (x, y - 1.2 * r), (x + 1.1 * r, y + 0.8 * r)],
        };
        if hollow(idx) {
            let closed: Vec<Point> = corners.iter().chain(&corners[..1]).copied().collect();
            sheet.polygon(&corners, theme.card);
            sheet.path(&closed, Theme::OUTLINE, color);
        } else {
            sheet.polygon(&corners, color);
        }
    }
}
