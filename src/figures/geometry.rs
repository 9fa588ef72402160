//! The feature geometry graph: a node a feature, an edge where two directions overlap, tegum factors apart.
//!
//! Factors of the same shape stand together under its name, the larger ones first; each factor is laid out on its own: up
//! to twelve features on a circle, in the order that makes strong edges short, more of them by springs (Fruchterman and
//! Reingold, "Graph drawing by force-directed placement", 1991) from a fixed start. Everything is deterministic.

use super::boxes::{Box2, Point};
use super::color::mix;
use super::panels::Figure;
use super::sheet::{Align, Sheet};
use super::spots::{Extent, Key, Spot};
use super::text::{number, rounded, text_width};
use super::theme::{Theme, Tint};
use crate::order;
use plotters::backend::DrawingBackend;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Features that are laid out on a circle, at most.
const ON_CIRCLE: usize = 12;
/// Height of a group's name.
const NAME: f64 = 20.0;
/// Radius of a node, and what separates the outlines of two factors.
const NODE: f64 = 3.4;
const MARGIN: f64 = 17.0;
/// How much larger few factors may be drawn, and the height that they may then have.
const SCALES: [f64; 5] = [4.0, 3.0, 2.3, 1.7, 1.3];
const ROOM: f64 = 280.0;
/// Rounds of the springs.
const ROUNDS: usize = 120;

/// A tegum factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Its shape by name; factors with the same name stand together.
    pub shape: String,
    /// Its features.
    pub features: Vec<usize>,
}

/// The graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    /// The factors, which share no feature.
    pub factors: Vec<Factor>,
    /// Edges: two features and the cosine between their directions.
    pub edges: Vec<(usize, usize, f64)>,
    /// The dimensionality of each feature; none at all where it is not known.
    pub dimensionality: Vec<f64>,
}

/// A factor laid out: which one, the radius of its disc, its features around its middle.
struct Cell {
    factor_idx: usize,
    radius: f64,
    nodes: Vec<Point>,
}

/// A group of cells in rows, with its name.
struct Group {
    name: String,
    y: f64,
    /// Middles, by cell.
    spots: Vec<(usize, Point)>,
}

impl Geometry {
    /// The graph of these factors and edges.
    pub fn new(factors: Vec<Factor>, edges: Vec<(usize, usize, f64)>) -> Self {
        Self { factors, edges, dimensionality: Vec::new() }
    }

    /// The same with the dimensionality of each feature.
    pub fn with_dimensionality(self, dimensionality: Vec<f64>) -> Self {
        Self { dimensionality, ..self }
    }

    fn cells(&self) -> Vec<Cell> {
        let n = self.factors.iter().flat_map(|factor| &factor.features).max().map_or(0, |&most| most + 1);
        // Where each feature is: factor and place in it.
        let mut home = vec![(usize::MAX, 0); n];
        for (factor_idx, factor) in self.factors.iter().enumerate() {
            for (place, &feature) in factor.features.iter().enumerate() {
                home[feature] = (factor_idx, place);
            }
        }
        let mut inner: Vec<Vec<(usize, usize, f64)>> = vec![Vec::new(); self.factors.len()];
        for &(a, b, cosine) in &self.edges {
            if a < n && b < n && home[a].0 == home[b].0 && home[a].0 != usize::MAX {
                inner[home[a].0].push((home[a].1, home[b].1, cosine.abs()));
            }
        }
        let mut cells: Vec<Cell> = (0..self.factors.len())
            .map(|factor_idx| {
                let count = self.factors[factor_idx].features.len();
                let radius = if count == 1 { 4.0 } else { 4.0 + 4.6 * (count as f64).powf(0.62) };
                let nodes = if count <= ON_CIRCLE {
                    circle(count, &inner[factor_idx])
                } else {
                    springs(count, &inner[factor_idx])
                };
                Cell { factor_idx, radius, nodes }
            })
            .collect();
        order::sort_by(&mut cells, |a, b| {
            let key = |cell: &Cell| self.factors[cell.factor_idx].features.len();
            let name = |cell: &Cell| &self.factors[cell.factor_idx].shape;
            key(b).cmp(&key(a)).then_with(|| name(a).cmp(name(b))).then(a.factor_idx.cmp(&b.factor_idx))
        });
        cells
    }

    /// Groups with their places at a width, the height of all, and how much larger than usual it is drawn: few factors fill the
    /// place of many.
    fn layout(&self, width: f64) -> (Vec<Cell>, Vec<Group>, f64, f64) {
        let mut cells = self.cells();
        let widest = cells.iter().map(|cell| 2.0 * cell.radius + MARGIN).fold(1.0, f64::max);
        let fits = |scale: f64| scale * widest <= width && self.rows(&cells, width, scale).1 <= ROOM.min(0.7 * width);
        let scale = SCALES.into_iter().find(|&scale| fits(scale)).unwrap_or(1.0);
        let (groups, height) = self.rows(&cells, width, scale);
        for cell in &mut cells {
            cell.radius *= scale;
        }
        (cells, groups, height, scale)
    }

    /// Groups with their places, at a scale, and the height of all.
    fn rows(&self, cells: &[Cell], width: f64, scale: f64) -> (Vec<Group>, f64) {
        let name = |cell: &Cell| self.factors[cell.factor_idx].shape.clone();
        let mut groups: Vec<Group> = Vec::new();
        let mut y = 0.0;
        let mut start = 0;
        while start < cells.len() {
            let shape = name(&cells[start]);
            let end = (start..cells.len()).find(|&idx| name(&cells[idx]) != shape).unwrap_or(cells.len());
            let mut group = Group { name: format!("{shape} × {}", end - start), y, spots: Vec::new() };
            y += NAME;
            let (mut x, mut row_height) = (0.0, 0.0_f64);
            for (idx, cell) in cells.iter().enumerate().take(end).skip(start) {
                let side = 2.0 * scale * cell.radius + MARGIN;
                let high = if cell.nodes.len() == 2 { MARGIN } else { side };
                if x > 0.0 && x + side > width {
                    (x, y, row_height) = (0.0, y + row_height, 0.0);
                }
                group.spots.push((idx, (x + side / 2.0, y + high / 2.0)));
                x += side;
                row_height = row_height.max(high);
            }
            y += row_height + 8.0;
            groups.push(group);
            start = end;
        }
        (groups, y.max(NAME))
    }
}

/// Corners of a regular polygon of radius 1, features in the order that keeps strong edges short.
fn circle(count: usize, edges: &[(usize, usize, f64)]) -> Vec<Point> {
    let corner = |k: usize| {
        // A pair lies level, so that pairs side by side make no chain.
        let start = if count == 2 { 0.0 } else { -TAU / 4.0 };
        let (sin, cos) = (TAU * k as f64 / count as f64 + start).sin_cos();
        if count == 1 { (0.0, 0.0) } else { (cos, sin) }
    };
    let mut order: Vec<usize> = (0..count).collect();
    let cost = |order: &[usize]| -> f64 {
        let far = |(a, b, weight): &(usize, usize, f64)| {
            let apart = order[*a].abs_diff(order[*b]);
            weight * apart.min(count - apart) as f64
        };
        edges.iter().map(far).sum()
    };
    let mut best = cost(&order);
    for _ in 0..4 {
        for a in 0..count {
            for b in 0..a {
                order.swap(a, b);
                let now = cost(&order);
                if now < best - 1e-12 { best = now } else { order.swap(a, b) }
            }
        }
    }
    (0..count).map(|idx| corner(order[idx])).collect()
}

/// A layout by springs, its farthest node at radius 1.
fn springs(count: usize, edges: &[(usize, usize, f64)]) -> Vec<Point> {
    // A sunflower's seeds: even, and no two in the same place.
    let mut nodes: Vec<Point> = (0..count)
        .map(|k| {
            let (sin, cos) = (k as f64 * 2.399963).sin_cos();
            let r = ((k as f64 + 0.5) / count as f64).sqrt();
            (r * cos, r * sin)
        })
        .collect();
    let ideal = 1.0 / (count as f64).sqrt();
    // Each edge pulls the less, the more there are: else a dense factor would fall into a point.
    let pull = (count as f64 / edges.iter().map(|edge| edge.2).sum::<f64>().max(1e-9)).min(1.0);
    for round in 0..ROUNDS {
        let mut push = vec![(0.0, 0.0); count];
        for a in 0..count {
            for b in 0..a {
                let (dx, dy) = (nodes[a].0 - nodes[b].0, nodes[a].1 - nodes[b].1);
                let force = ideal * ideal / (dx * dx + dy * dy).max(1e-6);
                for (node, sign) in [(a, 1.0), (b, -1.0)] {
                    push[node].0 += sign * dx * force;
                    push[node].1 += sign * dy * force;
                }
            }
        }
        for &(a, b, weight) in edges {
            let (dx, dy) = (nodes[a].0 - nodes[b].0, nodes[a].1 - nodes[b].1);
            let force = pull * weight * dx.hypot(dy) / ideal;
            for (node, sign) in [(a, -1.0), (b, 1.0)] {
                push[node].0 += sign * dx * force;
                push[node].1 += sign * dy * force;
            }
        }
        let hottest = 0.12 * (1.0 - round as f64 / ROUNDS as f64);
        for (node, push) in nodes.iter_mut().zip(push) {
            let length = push.0.hypot(push.1).max(1e-12);
            let step = length.min(hottest) / length;
            *node = (node.0 + push.0 * step, node.1 + push.1 * step);
        }
    }
    let middle = nodes.iter().fold((0.0, 0.0), |sum, node| (sum.0 + node.0, sum.1 + node.1));
    let middle = (middle.0 / count as f64, middle.1 / count as f64);
    let farthest = nodes.iter().map(|node| (node.0 - middle.0).hypot(node.1 - middle.1)).fold(1e-9, f64::max);
    nodes.into_iter().map(|node| ((node.0 - middle.0) / farthest, (node.1 - middle.1) / farthest)).collect()
}

impl Figure for Geometry {
    fn height(&self, width: f64) -> f64 {
        self.layout(width).2
    }

    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        let (cells, groups, _, scale) = self.layout(place.width);
        let node = NODE * scale.min(1.6);
        let mut spots: Vec<Option<Point>> = Vec::new();
        let mut discs: Vec<(Point, usize, usize)> = Vec::new();
        for group in &groups {
            for &(cell_idx, middle) in &group.spots {
                let cell = &cells[cell_idx];
                for (&feature, node) in self.factors[cell.factor_idx].features.iter().zip(&cell.nodes) {
                    let at = (place.x + middle.0 + cell.radius * node.0, place.y + middle.1 + cell.radius * node.1);
                    if spots.len() <= feature {
                        spots.resize(feature + 1, None);
                    }
                    spots[feature] = Some(at);
                    discs.push((at, feature, cell.factor_idx));
                }
            }
        }
        for &(a, b, cosine) in &self.edges {
            if let (Some(Some(a)), Some(Some(b))) = (spots.get(a), spots.get(b)) {
                let strength = (0.3 + 0.6 * cosine.abs()).min(0.9);
                sheet.path(&[*a, *b], 1.2, mix(theme.card, theme.soft, strength));
            }
        }
        // Factors in turn: neighbours differ in colour. The eighth kind is grey and means nothing here.
        order::sort_by_key(&mut discs, |&(_, feature, factor_idx)| (factor_idx % 7, feature));
        for (at, feature, factor_idx) in discs {
            let color = theme.tint(Tint::Kind(factor_idx % 7));
            // The factor of the feature that is lit stays; the rest steps back.
            let meant = sheet.highlight.is_none_or(|lit| self.factors[factor_idx].features.contains(&lit));
            sheet.disc(at, node, if meant { color } else { theme.dimmed(color) });
            sheet.spot(Spot::new(Extent::Disc(at, node), 0, feature, factor_idx).of(Some(feature)));
        }
        for group in &groups {
            let at = (place.x, place.y + group.y + 9.0);
            let width = text_width(&group.name, Theme::TICK, false);
            if width <= place.width {
                sheet.text(&group.name, at, Align::Left, &theme.plain(Theme::TICK));
            }
        }
    }

    fn tell(&self, key: Key) -> String {
        let (feature, factor_idx) = key.indices();
        let Some(factor) = self.factors.get(factor_idx) else { return String::new() };
        let others: Vec<String> =
            factor.features.iter().filter(|&&other| other != feature).map(|other| (other + 1).to_string()).collect();
        let with = match others.len() {
            0 => String::new(),
            1..=7 => format!(" with {}", others.join(", ")),
            count => format!(" with {count} others"),
        };
        let dimensions = self.dimensionality.get(feature);
        let dimensions = dimensions.map_or(String::new(), |&value| format!(", D {}", number(rounded(value))));
        format!("feature {}: {}{with}{dimensions}", feature + 1, factor.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_of_a_ring_become_its_sides() {
        // 0–2–4–1–3–0: neighbours on the ring are two apart by index.
        let edges: Vec<_> = (0..5).map(|k| (k, (k + 2) % 5, 1.0)).collect();
        let nodes = circle(5, &edges);
        let side = (TAU / 5.0 / 2.0).sin() * 2.0;
        for (a, b, _) in edges {
            let length = (nodes[a].0 - nodes[b].0).hypot(nodes[a].1 - nodes[b].1);
            assert!((length - side).abs() < 1e-9, "{a}–{b}: {length} against {side}");
        }
    }

    #[test]
    fn springs_keep_every_node_in_the_disc_and_apart() {
        let edges: Vec<_> = (1..30).map(|k| (k / 2, k, 0.5)).collect();
        let nodes = springs(30, &edges);
        assert!(nodes.iter().all(|node| node.0.hypot(node.1) <= 1.0 + 1e-9));
        for a in 0..30 {
            for b in 0..a {
                assert!((nodes[a].0 - nodes[b].0).hypot(nodes[a].1 - nodes[b].1) > 0.02, "{a} on {b}");
            }
        }
    }
}
