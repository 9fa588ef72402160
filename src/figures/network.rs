//! Inputs, neurons and outputs with their weights as lines, and the two-neuron motif with its weights written.
//!
//! Outputs stand above, neurons between, inputs below, as in the paper's figures of the absolute value model. A line is
//! as wide as its weight is large, blue for positive and red for negative. In the motif (section "Asymmetric
//! superposition") the flow is from left to right and every weight is a number on its line.

use super::boxes::{Box2, Point};
use super::panels::Figure;
use super::sheet::{Align, Ink, Sheet};
use super::spots::{Extent, Key, Spot};
use super::text::{number, rounded, text_width};
use super::theme::{Theme, Tint};
use crate::number::fixed;
use crate::order;
use plotters::backend::DrawingBackend;
use serde::{Deserialize, Serialize};

/// Weights smaller than this part of the greatest one have no line.
const NEGLIGIBLE: f64 = 0.04;
/// The widest line.
const STROKE: f64 = 3.2;

/// Parts of the picture: inputs, neurons, outputs, weights to neurons, weights to outputs.
const INPUT: u8 = 0;
const NEURON: u8 = 1;
const OUTPUT: u8 = 2;
const ENCODER: u8 = 3;
const DECODER: u8 = 4;

/// A network of one hidden layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// `[neurons][inputs]`.
    pub encoder: Vec<Vec<f64>>,
    /// `[outputs][neurons]`.
    pub decoder: Vec<Vec<f64>>,
    /// The colour of each feature, input and output alike.
    pub tints: Vec<Tint>,
}

impl Network {
    /// A network of these weights.
    ///
    /// # Panics
    /// If the lengths do not agree.
    pub fn new(encoder: Vec<Vec<f64>>, decoder: Vec<Vec<f64>>, tints: Vec<Tint>) -> Self {
        assert!(encoder.iter().all(|row| row.len() == tints.len()), "a weight for each input of each neuron");
        assert_eq!(decoder.len(), tints.len(), "an output for each feature");
        assert!(decoder.iter().all(|row| row.len() == encoder.len()), "a weight for each neuron of each output");
        Self { encoder, decoder, tints }
    }
}

fn greatest(weights: &[Vec<f64>]) -> f64 {
    weights.iter().flatten().filter(|w| w.is_finite()).fold(1e-12, |most, w| most.max(w.abs()))
}

/// The lines that are seen, faint ones first: from, to, weight over the greatest.
fn lines(weights: &[Vec<f64>]) -> Vec<(usize, usize, f64)> {
    let most = greatest(weights);
    let all =
        weights.iter().enumerate().flat_map(|(to, row)| row.iter().enumerate().map(move |(from, &w)| (from, to, w)));
    let mut lines: Vec<_> =
        all.map(|(from, to, w)| (from, to, w / most)).filter(|line| line.2.abs() > NEGLIGIBLE).collect();
    order::sort_by(&mut lines, |a, b| a.2.abs().total_cmp(&b.2.abs()));
    lines
}

impl Figure for Network {
    fn height(&self, width: f64) -> f64 {
        (0.55 * width).clamp(200.0, 340.0)
    }

    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        let (n, m) = (self.tints.len(), self.encoder.len());
        let left = text_width("neurons", Theme::TICK, false) + 14.0;
        let width = place.width - left;
        let x = |idx: usize, count: usize| place.x + left + (idx as f64 + 0.5) / count as f64 * width;
        let rows = [0.88, 0.5, 0.12].map(|part| place.y + part * place.height);
        let radius = |count: usize| (0.3 * width / count as f64).clamp(1.2, 9.0);
        for (part, weights, (from_count, to_count), (from_y, to_y)) in
            [(ENCODER, &self.encoder, (n, m), (rows[0], rows[1])), (DECODER, &self.decoder, (m, n), (rows[1], rows[2]))]
        {
            // Many lines are thinner, so that they stay lines.
            let stroke = STROKE * (24.0 / (from_count * to_count) as f64).sqrt().clamp(0.35, 1.0);
            for (from, to, w) in lines(weights) {
                let ends = [(x(from, from_count), from_y), (x(to, to_count), to_y)];
                let feature = if part == ENCODER { from } else { to };
                let color = theme.diverging(w.signum() * (0.15 + 0.85 * w.abs()));
                let is_meant = sheet.highlight.is_none_or(|meant| meant == feature);
                let color = if is_meant { color } else { theme.dimmed(color) };
                sheet.path(&ends, (stroke * w.abs()).max(0.4), color);
                sheet.spot(Spot::new(middle_third(ends), part, from, to).of(Some(feature)).quiet());
            }
        }
        for (part, count, y) in [(INPUT, n, rows[0]), (NEURON, m, rows[1]), (OUTPUT, n, rows[2])] {
            for idx in 0..count {
                let at = (x(idx, count), y);
                let is_neuron = part == NEURON;
                sheet.spot(Spot::new(Extent::Disc(at, radius(count)), part, idx, 0).of((!is_neuron).then_some(idx)));
                if is_neuron {
                    sheet.disc(at, radius(count), theme.card);
                    sheet.ring(at, radius(count), Theme::OUTLINE, theme.ink);
                } else {
                    sheet.disc(at, radius(count), theme.tint(self.tints[idx]));
                }
            }
        }
        for (name, y) in ["inputs", "neurons", "outputs"].into_iter().zip(rows) {
            sheet.label(name, &[((place.x, y), Align::Left)], place, &theme.plain(Theme::TICK));
        }
        if n <= 12 {
            for idx in 0..n {
                let text = (idx + 1).to_string();
                for y in [rows[0] + radius(n) + 10.0, rows[2] - radius(n) - 10.0] {
                    sheet.label(
                        &text,
                        &[((x(idx, n), y), Align::Middle)],
                        &place.grown(3.0),
                        &theme.plain(Theme::SMALL),
                    );
                }
            }
        }
    }

    fn tell(&self, key: Key) -> String {
        let (a, b) = key.indices();
        let name = |feature: usize| (feature + 1).to_string();
        told(key.part, (a, b), &name, &|neuron| (neuron + 1).to_string(), (&self.encoder, &self.decoder))
    }
}

/// The part of a line around its middle: near its ends lines lie too close to be told apart.
fn middle_third([a, b]: [Point; 2]) -> Extent {
    let at = |t: f64| (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1));
    Extent::Line(at(0.3), at(0.7))
}

/// A node or a weight in words.
fn told(
    part: u8,
    (a, b): (usize, usize),
    feature: &dyn Fn(usize) -> String,
    neuron: &dyn Fn(usize) -> String,
    (encoder, decoder): (&[Vec<f64>], &[Vec<f64>]),
) -> String {
    let weight = |weights: &[Vec<f64>]| {
        let weight = weights.get(b).and_then(|row| row.get(a)).copied().unwrap_or(0.0);
        number(rounded(weight))
    };
    match part {
        INPUT => format!("input feature {}", feature(a)),
        NEURON => format!("neuron {}", neuron(a)),
        OUTPUT => format!("output feature {}", feature(a)),
        ENCODER => format!("feature {} to neuron {}: weight {}", feature(a), neuron(b), weight(encoder)),
        _ => format!("neuron {} to output feature {}: weight {}", neuron(a), feature(b), weight(decoder)),
    }
}

/// A few features through a few neurons, with every weight written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Motif {
    /// Names of the features.
    pub features: Vec<String>,
    /// Names of the neurons.
    pub neurons: Vec<String>,
    /// `[neurons][features]`.
    pub encoder: Vec<Vec<f64>>,
    /// `[features][neurons]`.
    pub decoder: Vec<Vec<f64>>,
    /// The colour of each feature.
    pub tints: Vec<Tint>,
    /// The index of each feature in its model.
    pub ids: Vec<usize>,
}

impl Figure for Motif {
    fn height(&self, width: f64) -> f64 {
        let rows = self.features.len().max(self.neurons.len()) as f64;
        (0.3 * width).clamp(86.0, 120.0) * rows.max(1.0) + 24.0
    }

    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        let radius = (0.045 * place.width).clamp(13.0, 22.0);
        let columns = [0.0, 0.5, 1.0].map(|part| place.x + radius + 1.0 + part * (place.width - 2.0 * radius - 2.0));
        let body = Box2 { y: place.y + 24.0, height: place.height - 24.0, ..*place };
        let y = |idx: usize, count: usize| body.y + (idx as f64 + 0.5) / count as f64 * body.height;
        let (n, m) = (self.features.len(), self.neurons.len());
        let layers = [(&self.encoder, 0, (n, m)), (&self.decoder, 1, (m, n))];
        for (weights, column, (from_count, to_count)) in layers {
            for (from, to, w) in lines(weights) {
                let ends = [(columns[column], y(from, from_count)), (columns[column + 1], y(to, to_count))];
                let feature = self.ids.get(if column == 0 { from } else { to }).copied();
                let part = if column == 0 { ENCODER } else { DECODER };
                sheet.spot(Spot::new(middle_third(ends), part, from, to).of(feature).quiet());
                sheet.path(
                    &ends,
                    (1.6 * STROKE * w.abs()).max(0.8),
                    theme.diverging(w.signum() * (0.3 + 0.7 * w.abs())),
                );
            }
        }
        let circle = |sheet: &mut Sheet<DB>, at: Point, name: &str, color| {
            sheet.disc(at, radius, theme.card);
            sheet.ring(at, radius, 1.8, color);
            sheet.label(name, &[(at, Align::Middle)], place, &theme.strong(Theme::TICK));
        };
        for (idx, name) in self.features.iter().enumerate() {
            for column in [0, 2] {
                let at = (columns[column], y(idx, n));
                circle(sheet, at, name, theme.tint(self.tints[idx]));
                let part = if column == 0 { INPUT } else { OUTPUT };
                sheet.spot(Spot::new(Extent::Disc(at, radius), part, idx, 0).of(self.ids.get(idx).copied()));
            }
        }
        for (idx, name) in self.neurons.iter().enumerate() {
            let at = (columns[1], y(idx, m));
            circle(sheet, at, name, theme.ink);
            sheet.spot(Spot::new(Extent::Disc(at, radius), NEURON, idx, 0));
        }
        for (name, (column, align)) in ["input", "ReLU neurons", "output"].into_iter().zip([
            (0, Align::Left),
            (1, Align::Middle),
            (2, Align::Right),
        ]) {
            let x = [place.x, columns[1], place.right()][column];
            sheet.label(name, &[((x, place.y + 9.0), align)], place, &theme.plain(Theme::TICK));
        }
        for (weights, column, (from_count, to_count)) in layers {
            for (from, to, _) in lines(weights).into_iter().rev() {
                let (a, b) = ((columns[column], y(from, from_count)), (columns[column + 1], y(to, to_count)));
                let weight = weights[to][from];
                let text = format!("{}{}", if weight < 0.0 { "−" } else { "+" }, fixed(weight.abs(), 2));
                write_on_line(sheet, theme, &text, (a, b), weight, place);
            }
        }
    }

    fn tell(&self, key: Key) -> String {
        let (a, b) = key.indices();
        let name = |names: &[String], idx: usize| names.get(idx).cloned().unwrap_or_default();
        let (features, neurons) = (&self.features, &self.neurons);
        let weights = (&self.encoder[..], &self.decoder[..]);
        told(key.part, (a, b), &|idx| name(features, idx), &|idx| name(neurons, idx), weights)
    }
}

/// Writes a weight on its line, where no other text is.
fn write_on_line<DB: DrawingBackend>(
    sheet: &mut Sheet<DB>,
    theme: &Theme,
    text: &str,
    (a, b): (Point, Point),
    weight: f64,
    place: &Box2,
) {
    let color = super::color::readable(theme.diverging(weight.signum()), theme.card);
    let ink = Ink { size: Theme::TEXT, bold: true, color, background: theme.card };
    for t in [0.34, 0.28, 0.4, 0.66, 0.72, 0.5] {
        let at = (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1));
        let label = sheet.text_box(text, at, Align::Middle, &ink);
        let is_free =
            place.contains(&label) && !sheet.texts().iter().any(|other| other.place().overlaps(&label.grown(2.0)));
        if is_free {
            sheet.fill(&label.grown(1.0), theme.card);
            return sheet.text(text, at, Align::Middle, &ink);
        }
    }
}
