//! Points and edges in space, seen from any side: polytopes of features, and their paths through training.
//!
//! x runs to the right, y upward, z to the viewer. What is farther is drawn first, smaller and paler. An edge is hidden,
//! and dashed, when all faces that meet in it are turned away; without faces nothing is hidden. The projection is
//! orthographic or a weak perspective. The origin of the data stays in the middle of the picture.

use super::boxes::{Box2, Point};
use super::color::mix;
use super::labels::{self, Obstacles};
use super::panels::Figure;
use super::sheet::{Align, Ink, LINE_HEIGHT, Sheet};
use super::spots::{Extent, Key, Spot};
use super::text::{number, rounded};
use super::theme::{Theme, Tint};
use crate::measures::Measures;
use crate::order;
use plotters::backend::DrawingBackend;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_PI_2, TAU};

/// A point in space.
pub type Point3 = [f64; 3];

/// How high the picture is at most.
const MAX_HEIGHT: f64 = 400.0;
/// Vertices nearer to the origin than this part of the farthest go without a name: there they lie on each other.
const NAMELESS: f64 = 0.1;
/// Part of half the picture that the farthest point takes.
const REACH: f64 = 0.76;

/// The rotation that turns by `yaw` around the upright axis and then tilts by `pitch` toward the viewer, in radians.
pub fn rotation(yaw: f64, pitch: f64) -> [Point3; 3] {
    let ((sin_yaw, cos_yaw), (sin_pitch, cos_pitch)) = (yaw.sin_cos(), pitch.sin_cos());
    [
        [cos_yaw, 0.0, sin_yaw],
        [sin_pitch * sin_yaw, cos_pitch, -sin_pitch * cos_yaw],
        [-cos_pitch * sin_yaw, sin_pitch, cos_pitch * cos_yaw],
    ]
}

fn turned(rotation: &[Point3; 3], point: Point3) -> Point3 {
    [0, 1, 2].map(|row| (0..3).map(|k| rotation[row][k] * point[k]).sum())
}

/// A figure in space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Solid {
    /// The vertices.
    pub points: Vec<Point3>,
    /// Their names; none at all, or one a vertex.
    pub names: Vec<String>,
    /// Their colours, one a vertex.
    pub tints: Vec<Tint>,
    /// Pairs of vertices.
    pub edges: Vec<[usize; 2]>,
    /// Vertices of each face in the order around it, in either sense.
    pub faces: Vec<Vec<usize>>,
    /// Whether each vertex has a line from the origin.
    pub spokes: bool,
    /// Paths to show, from the earliest point to the latest, with their colours.
    pub paths: Vec<(Vec<Point3>, Tint)>,
    /// How far it is turned around its upright axis, and then tilted toward the viewer, in radians.
    pub turn: (f64, f64),
    /// Size of what is one radius nearer, less 1: 0 is orthographic, 0.15 a weak perspective.
    pub perspective: f64,
    /// Distance from the origin that the picture has room for; the farthest point's if none is given.
    pub radius: Option<f64>,
    /// Whether the axes show.
    pub axes: bool,
}

impl Solid {
    /// Vertices alone, from a little to the right and above.
    ///
    /// # Panics
    /// If there is not a colour for each.
    pub fn new(points: Vec<Point3>, tints: Vec<Tint>) -> Self {
        assert_eq!(points.len(), tints.len(), "a colour for each vertex");
        Self {
            points,
            names: Vec::new(),
            tints,
            edges: Vec::new(),
            faces: Vec::new(),
            spokes: false,
            paths: Vec::new(),
            turn: (0.5, 0.35),
            perspective: 0.15,
            radius: None,
            axes: false,
        }
    }

    /// The same with edges and the faces that may hide them.
    pub fn with_edges(self, edges: Vec<[usize; 2]>, faces: Vec<Vec<usize>>) -> Self {
        Self { edges, faces, ..self }
    }

    /// The same with names.
    pub fn with_names(self, names: Vec<String>) -> Self {
        Self { names, ..self }
    }

    /// The same with paths.
    pub fn with_paths(self, paths: Vec<(Vec<Point3>, Tint)>) -> Self {
        Self { paths, ..self }
    }

    /// The same from another side: turned by `yaw` around the upright axis, then tilted by `pitch` toward the viewer.
    pub fn seen_from(self, yaw: f64, pitch: f64) -> Self {
        Self { turn: (yaw, pitch), ..self }
    }

    /// Turns it on by angles in radians. It never stands on its head, so that right stays right; angles that are not finite turn
    /// nothing.
    pub fn turn(&mut self, yaw: f64, pitch: f64) {
        if yaw.is_finite() && pitch.is_finite() {
            self.turn = ((self.turn.0 + yaw) % TAU, (self.turn.1 + pitch).clamp(-FRAC_PI_2, FRAC_PI_2));
        }
    }

    /// For each edge, whether all faces that it belongs to are turned away.
    fn hidden(&self, turned: &[Point3]) -> Vec<bool> {
        let count = turned.len().max(1) as f64;
        let centre = [0, 1, 2].map(|k| turned.iter().map(|point| point[k]).sum::<f64>() / count);
        let away: Vec<bool> = self.faces.iter().map(|face| !faces_viewer(face, turned, centre)).collect();
        let holds = |face: &[usize], [a, b]: [usize; 2]| {
            (0..face.len()).any(|k| {
                let (c, d) = (face[k], face[(k + 1) % face.len()]);
                (c, d) == (a, b) || (c, d) == (b, a)
            })
        };
        self.edges
            .iter()
            .map(|&edge| {
                let mut met = self.faces.iter().zip(&away).filter(|(face, _)| holds(face, edge)).peekable();
                met.peek().is_some() && met.all(|(_, &away)| away)
            })
            .collect()
    }
}

/// Whether the outer side of a face of a convex body is seen, from its area's normal, whichever sense it has.
fn faces_viewer(face: &[usize], turned: &[Point3], centre: Point3) -> bool {
    // Newell's sum: robust for faces that are not quite plane.
    let mut normal = [0.0; 3];
    let mut middle = [0.0; 3];
    for k in 0..face.len() {
        let (a, b) = (turned[face[k]], turned[face[(k + 1) % face.len()]]);
        for axis in 0..3 {
            let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
            normal[axis] += (a[u] - b[u]) * (a[v] + b[v]);
            middle[axis] += a[axis] / face.len() as f64;
        }
    }
    // A flat body hides nothing of itself.
    let size = normal.iter().map(|k| k * k).sum::<f64>().sqrt();
    let depth: f64 = (0..3).map(|k| normal[k] * (middle[k] - centre[k])).sum::<f64>().abs();
    if depth < 1e-6 * size {
        return true;
    }
    // Newell's order of axes gives (y·z, z·x, x·y) products; the sign is set by the direction outward.
    let outward: f64 = (0..3).map(|k| normal[k] * (middle[k] - centre[k])).sum();
    normal[2] * outward.signum() > 1e-9
}

/// What is drawn, sorted by depth.
enum Item {
    Edge(usize, bool),
    Spoke(usize),
    Path(usize, usize),
    Vertex(usize),
}

impl Figure for Solid {
    fn height(&self, width: f64) -> f64 {
        width.min(MAX_HEIGHT)
    }

    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        let rotation = rotation(self.turn.0, self.turn.1);
        let finite = |point: Point3| point.map(|k| if k.is_finite() { k } else { 0.0 });
        let norm = |point: &Point3| point.iter().map(|k| k * k).sum::<f64>().sqrt();
        let points: Vec<Point3> = self.points.iter().map(|&point| turned(&rotation, finite(point))).collect();
        let paths: Vec<Vec<Point3>> = self
            .paths
            .iter()
            .map(|(path, _)| path.iter().map(|&point| turned(&rotation, finite(point))).collect())
            .collect();
        let farthest = points.iter().chain(paths.iter().flatten()).map(norm).fold(1e-9, f64::max);
        let radius = self.radius.unwrap_or(farthest).max(1e-9);
        let half = 0.5 * place.width.min(place.height);
        let unit = REACH * half / radius.max(farthest);
        let (cx, cy) = place.centre();
        let size = |z: f64| 1.0 + self.perspective * z / radius;
        let seen = |point: Point3| -> Point {
            let k = unit * size(point[2]);
            (cx + point[0] * k, cy - point[1] * k)
        };
        // 1 for the nearest, 0 for the farthest.
        let near = |z: f64| (0.5 + 0.5 * z / radius).clamp(0.0, 1.0);
        let pale = |color, z: f64| mix(theme.card, color, 0.5 + 0.5 * near(z));
        if self.axes {
            for axis in 0..3 {
                let mut end = [0.0; 3];
                end[axis] = 1.05 * radius;
                let back = end.map(|k| -k);
                let ends = [seen(turned(&rotation, back)), seen(turned(&rotation, end))];
                sheet.path(&ends, Theme::HAIRLINE, theme.guide());
            }
        }

        let hidden = self.hidden(&points);
        let mut items: Vec<(f64, Item)> = Vec::new();
        // Two opposite vertices are joined by their lines from the origin already.
        let opposite = |[a, b]: [usize; 2]| {
            let sum = norm(&[0, 1, 2].map(|k| points[a][k] + points[b][k]));
            sum < 1e-3 * (norm(&points[a]) + norm(&points[b]))
        };
        for (idx, &[a, b]) in self.edges.iter().enumerate().filter(|(_, edge)| !(self.spokes && opposite(**edge))) {
            items.push((0.5 * (points[a][2] + points[b][2]), Item::Edge(idx, hidden[idx])));
        }
        for (idx, point) in points.iter().enumerate() {
            items.push((point[2] + 1e-6, Item::Vertex(idx)));
            if self.spokes {
                items.push((0.5 * point[2], Item::Spoke(idx)));
            }
        }
        for (path_idx, path) in paths.iter().enumerate() {
            let segments = path.windows(2).enumerate();
            items.extend(segments.map(|(k, pair)| (0.5 * (pair[0][2] + pair[1][2]), Item::Path(path_idx, k))));
        }
        order::sort_by(&mut items, |a, b| a.0.total_cmp(&b.0));
        let dot = |z: f64| (0.035 * half).clamp(3.0, 6.5) * (0.75 + 0.35 * near(z));
        for (z, item) in &items {
            match *item {
                Item::Edge(idx, hidden) => {
                    let [a, b] = self.edges[idx].map(|vertex| seen(points[vertex]));
                    let [from, to] = self.edges[idx].map(|vertex| dot(points[vertex][2]) + 1.2);
                    let Some((a, b)) = between_discs((a, from), (b, to)) else { continue };
                    if hidden {
                        sheet.dashed(&[a, b], 3.0, Theme::HAIRLINE, theme.faint);
                    } else {
                        sheet.path(&[a, b], 1.6, pale(theme.soft, *z));
                    }
                }
                Item::Spoke(idx) => {
                    sheet.path(&[(cx, cy), seen(points[idx])], 2.0, pale(theme.tint(self.tints[idx]), *z));
                }
                Item::Path(path_idx, k) => {
                    let age = (k + 1) as f64 / (paths[path_idx].len() - 1) as f64;
                    let color = mix(theme.card, theme.tint(self.paths[path_idx].1), 0.15 + 0.75 * age);
                    sheet.path(&[seen(paths[path_idx][k]), seen(paths[path_idx][k + 1])], 1.0 + age, color);
                }
                Item::Vertex(idx) => {
                    let at = seen(points[idx]);
                    sheet.disc(at, dot(*z) + 1.2, theme.card);
                    sheet.disc(at, dot(*z), pale(theme.tint(self.tints[idx]), *z));
                    sheet.spot(Spot::new(Extent::Disc(at, dot(*z)), 0, idx, 0).of(Some(idx)));
                }
            }
        }
        let discs: Vec<(Point, f64)> = points.iter().map(|point| (seen(*point), dot(point[2]))).collect();
        let lines = paths.iter().flat_map(|path| path.windows(2)).map(|ends| (seen(ends[0]), seen(ends[1])));
        self.draw_names(sheet, theme, place, &discs, &lines.collect::<Vec<_>>(), &hidden);
    }

    fn tell(&self, key: Key) -> String {
        let (idx, n) = (key.indices().0, self.points.len());
        if idx >= n {
            return String::new();
        }
        let w: Vec<f64> = (0..3).flat_map(|k| self.points.iter().map(move |point| point[k])).collect();
        let name =
            self.names.get(idx).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| (idx + 1).to_string());
        told(&name, idx, &Measures::of(&w, n, 3))
    }
}

/// What of the line from one disc's centre to another's lies outside both: it would be painted over the nearer of them.
fn between_discs((a, from): (Point, f64), (b, to): (Point, f64)) -> Option<(Point, Point)> {
    let along = (b.0 - a.0, b.1 - a.1);
    let length = along.0.hypot(along.1);
    let at = |distance: f64| (a.0 + along.0 * distance / length, a.1 + along.1 * distance / length);
    (length > from + to).then(|| (at(from), at(length - to)))
}

/// A feature's name, length and dimensionality in words.
pub(super) fn told(name: &str, idx: usize, measures: &Measures) -> String {
    let value = |values: &[f64]| values.get(idx).map_or(String::new(), |&value| number(rounded(value)));
    format!("feature {name}: ‖W‖ {}, D {}", value(&measures.norms), value(&measures.dimensionality))
}

impl Solid {
    fn draw_names<DB: DrawingBackend>(
        &self,
        sheet: &mut Sheet<DB>,
        theme: &Theme,
        place: &Box2,
        discs: &[(Point, f64)],
        paths: &[(Point, Point)],
        hidden: &[bool],
    ) {
        let (cx, cy) = place.centre();
        let ink = |idx: usize| Ink {
            size: Theme::TICK,
            bold: true,
            color: theme.tint_text(self.tints[idx]),
            background: theme.card,
        };
        let mut marks = Vec::new();
        let norm = |idx: usize| self.points[idx].iter().map(|k| k * k).sum::<f64>().sqrt();
        let longest = (0..discs.len()).map(norm).fold(0.0, f64::max);
        for (idx, name) in self.names.iter().enumerate().take(discs.len()) {
            let (at, radius) = discs[idx];
            if norm(idx) < NAMELESS * longest {
                continue;
            }
            let away = (at.0 - cx, at.1 - cy);
            let length = away.0.hypot(away.1);
            let outward = if length > 2.0 { (away.0 / length, away.1 / length) } else { (0.7, -0.7) };
            let size = (sheet.text_width(name, &ink(idx)), Theme::TICK * LINE_HEIGHT);
            marks.push(labels::Mark { feature_idx: idx, at, radius, outward, size });
        }
        // Clear of all edges where that can be; else of those that are seen; inside a solid there may be no place without
        // a line, and a name on a thin line is better than none.
        let line = |&[a, b]: &[usize; 2]| (discs[a].0, discs[b].0, 1.6);
        let all: Vec<_> = self.edges.iter().map(line).chain(paths.iter().map(|&(a, b)| (a, b, 2.0))).collect();
        let seen: Vec<_> =
            self.edges.iter().zip(hidden).filter(|(_, hidden)| !**hidden).map(|(edge, _)| line(edge)).collect();
        let place_clear_of = |segments: &[_]| labels::place(&marks, &Obstacles { bounds: *place, discs, segments });
        let (first, second, last) = (place_clear_of(&all), place_clear_of(&seen), place_clear_of(&[]));
        let mut order: Vec<_> =
            (0..marks.len()).map(|k| (&marks[k], first[k].or(second[k]).or(last[k]))).zip(&first).collect();
        order::sort_by_key(&mut order, |(_, clear)| clear.is_none());
        for ((mark, spot), clear) in order {
            if let Some(spot) = spot {
                let idx = mark.feature_idx;
                if clear.is_none() && !sheet.texts().iter().any(|other| other.place().overlaps(&spot)) {
                    // The line ends at the name: crossed out it could not be read.
                    sheet.fill(&spot.grown(-1.0), theme.card);
                }
                sheet.label(&self.names[idx], &[(spot.centre(), Align::Middle)], place, &ink(idx));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cube() -> Solid {
        let corner = |k: usize| [0, 1, 2].map(|axis| if k >> axis & 1 == 1 { 1.0 } else { -1.0 });
        let edges = (0..8).flat_map(|a| (0..3).map(move |axis| [a, a | 1 << axis])).filter(|[a, b]| a != b).collect();
        let faces = vec![
            vec![0, 1, 3, 2],
            vec![4, 5, 7, 6],
            vec![0, 1, 5, 4],
            vec![2, 3, 7, 6],
            vec![0, 2, 6, 4],
            vec![1, 3, 7, 5],
        ];
        Solid::new((0..8).map(corner).collect(), vec![Tint::Ink; 8]).with_edges(edges, faces)
    }

    #[test]
    fn three_edges_of_a_cube_are_hidden_and_they_meet_in_the_farthest_corner() {
        for (yaw, pitch) in [(0.5, 0.35), (2.1, -0.6), (4.0, 0.9)] {
            let cube = cube().seen_from(yaw, pitch);
            let points: Vec<Point3> = cube.points.iter().map(|&point| turned(&rotation(yaw, pitch), point)).collect();
            let farthest = (0..8).min_by(|&a, &b| points[a][2].total_cmp(&points[b][2])).unwrap();
            let hidden = cube.hidden(&points);
            let hidden: Vec<_> = cube.edges.iter().zip(hidden).filter(|(_, hidden)| *hidden).collect();
            assert_eq!(hidden.len(), 3, "yaw {yaw}, pitch {pitch}");
            assert!(hidden.iter().all(|(edge, _)| edge.contains(&farthest)));
        }
    }

    #[test]
    fn a_rotation_keeps_lengths_and_is_no_reflection() {
        let r = rotation(0.7, -0.4);
        for a in 0..3 {
            for b in 0..3 {
                let dot: f64 = (0..3).map(|k| r[a][k] * r[b][k]).sum();
                assert!((dot - f64::from(u8::from(a == b))).abs() < 1e-12);
            }
        }
        let cross = [0, 1, 2].map(|k| r[0][(k + 1) % 3] * r[1][(k + 2) % 3] - r[0][(k + 2) % 3] * r[1][(k + 1) % 3]);
        assert!((0..3).all(|k| (cross[k] - r[2][k]).abs() < 1e-12));
    }
}
