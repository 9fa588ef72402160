//! Weights stacked neuron by neuron: a column a neuron, a rectangle a weight.
//!
//! A rectangle is as high as the weight's absolute value, above the axis for positive and below for negative ones, the
//! largest nearest to the axis, coloured by feature or by superposition (paper, sections "Privileged basis" and
//! "Computation"). Mono- and polysemantic neurons differ in the ground of their columns and in the mark below: one dot, or
//! three.

use super::axis::{Axis, draw_axes};
use super::boxes::Box2;
use super::color::mix;
use super::panels::{Figure, draw_legend, legend_height};
use super::sheet::{Align, Sheet};
use super::spots::{Extent, Key, Spot};
use super::text::{number, rounded, text_width};
use super::theme::{Theme, Tint};
use crate::order;
use plotters::backend::DrawingBackend;
use plotters::style::RGBColor;
use serde::{Deserialize, Serialize};

/// Weights smaller than this part of the greatest column are not drawn.
const NEGLIGIBLE: f64 = 0.002;
/// Height below the plot for marks and numbers.
const FOOT: f64 = 46.0;

/// What a neuron answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Neuron {
    /// To nothing.
    Dead,
    /// To one feature.
    Monosemantic,
    /// To several.
    Polysemantic,
}

impl Neuron {
    fn ground(self, theme: &Theme) -> RGBColor {
        match self {
            Neuron::Dead => theme.card,
            Neuron::Monosemantic => mix(theme.card, theme.tint(Tint::Kind(0)), 0.13),
            Neuron::Polysemantic => mix(theme.card, theme.tint(Tint::Kind(4)), 0.17),
        }
    }

    /// The places of the dots of its mark: one, three or none.
    fn dots(self) -> &'static [f64] {
        match self {
            Neuron::Dead => &[],
            Neuron::Monosemantic => &[0.0],
            Neuron::Polysemantic => &[-1.0, 0.0, 1.0],
        }
    }
}

/// The stacks of a layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// The weights, a list of features a neuron.
    pub weights: Vec<Vec<f64>>,
    /// The colour of each feature.
    pub tints: Vec<Tint>,
    /// What each neuron is.
    pub neurons: Vec<Neuron>,
    /// What the columns are.
    pub title: String,
    /// What the heights are.
    pub measure: String,
}

impl Stack {
    /// Stacks of these weights.
    ///
    /// # Shapes
    /// `weights: [neurons][features]`, `tints: [features]`, `neurons: [neurons]`.
    ///
    /// # Panics
    /// If the lengths do not agree.
    pub fn new(weights: Vec<Vec<f64>>, tints: Vec<Tint>, neurons: Vec<Neuron>) -> Self {
        assert_eq!(weights.len(), neurons.len(), "a kind for each neuron");
        assert!(weights.iter().all(|row| row.len() == tints.len()), "a colour for each feature");
        Self { weights, tints, neurons, title: "neuron".into(), measure: "weight".into() }
    }

    /// How far the stacks reach below and above the axis.
    fn reach(&self) -> (f64, f64) {
        let sum =
            |row: &Vec<f64>, sign: f64| row.iter().map(|w| (sign * w).max(0.0)).filter(|w| w.is_finite()).sum::<f64>();
        let most = |sign: f64| self.weights.iter().map(|row| sum(row, sign)).fold(0.0, f64::max);
        let (low, high) = (most(-1.0), most(1.0));
        if low + high > 0.0 { (1.06 * low, 1.06 * high) } else { (0.0, 1.0) }
    }

    /// The kinds that occur, as the rows of a legend.
    fn legend(&self) -> Vec<(Neuron, String)> {
        let entry = |kind: Neuron, name: &str| {
            let count = self.neurons.iter().filter(|&&neuron| neuron == kind).count();
            (count > 0).then(|| (kind, format!("{name}: {count}")))
        };
        [(Neuron::Monosemantic, "monosemantic"), (Neuron::Polysemantic, "polysemantic"), (Neuron::Dead, "dead")]
            .into_iter()
            .filter_map(|(kind, name)| entry(kind, name))
            .collect()
    }
}

impl Figure for Stack {
    fn height(&self, width: f64) -> f64 {
        (0.5 * width).clamp(190.0, 300.0) + FOOT
    }

    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        let (low, high) = self.reach();
        let names: Vec<(String, Tint)> = self.legend().into_iter().map(|(_, name)| (name, Tint::Soft)).collect();
        // The legend's swatches are the grounds themselves, so it is drawn here; its places are the common ones.
        let top = legend_height(&names, place.width);
        self.draw_kinds(sheet, theme, place);
        let axis = Axis::linear(self.measure.clone(), -low, high);
        let left = 21.0 + 4.0 + 5.0 + text_width("−0.5", Theme::TICK, false);
        let plot = Box2 {
            x: place.x + left,
            y: place.y + top,
            width: (place.width - left - 4.0).max(8.0),
            height: (place.height - top - FOOT).max(8.0),
        };
        let count = self.weights.len().max(1);
        let column = plot.width / count as f64;
        let bar = (0.72 * column).max(1.0);
        for (idx, neuron) in self.neurons.iter().enumerate() {
            let x = plot.x + idx as f64 * column;
            let inset = (0.06 * column).min(3.0);
            let ground = Box2 { x: x + inset, y: plot.y, width: column - 2.0 * inset, height: plot.height };
            sheet.fill(&ground, neuron.ground(theme));
        }
        let none = Axis::linear("", 0.0, 1.0).with_ticks(Vec::new());
        draw_axes(sheet, theme, (&none, &axis), &plot, place, true);
        let unit = plot.height / (low + high);
        let zero = plot.bottom() - low * unit;
        let color = |(feature, &tint): (usize, &Tint)| {
            let color = theme.tint(tint);
            if sheet.highlight.is_none_or(|meant| meant == feature) { color } else { theme.dimmed(color) }
        };
        let colors: Vec<RGBColor> = self.tints.iter().enumerate().map(color).collect();
        let least = NEGLIGIBLE * (low + high) * unit;
        let mut stacked: Vec<Vec<(usize, Box2)>> = Vec::new();
        for (idx, row) in self.weights.iter().enumerate() {
            let x = plot.x + (idx as f64 + 0.5) * column - bar / 2.0;
            let heights: Vec<f64> = row.iter().map(|weight| weight * unit).collect();
            stacked.push(stack_column(sheet, (idx, &heights), (x, zero), bar, least));
        }
        // Columns that share pixels stay in their order, and documents as they are.
        if !sheet.is_raster() || column - bar < 1.0 {
            stacked = vec![stacked.concat()];
        }
        merged(&stacked, &colors, |place, color| sheet.fill(place, color));
        let base = sheet.hair(zero);
        sheet.path(&[(plot.x, base), (plot.right(), base)], Theme::HAIRLINE, theme.faint);
        self.draw_foot(sheet, theme, &plot, place);
    }

    fn tell(&self, key: Key) -> String {
        let (idx, feature) = key.indices();
        let Some(&weight) = self.weights.get(idx).and_then(|row| row.get(feature)) else { return String::new() };
        format!("{} {}, feature {}: {} {}", self.title, idx + 1, feature + 1, self.measure, number(rounded(weight)))
    }
}

impl Stack {
    /// The marks and numbers below the columns, and the title.
    fn draw_foot<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, plot: &Box2, place: &Box2) {
        let column = plot.width / self.weights.len().max(1) as f64;
        let stride = (text_width("00", Theme::TICK, false) * 1.3 / column).ceil().max(1.0) as usize;
        let radius = (0.09 * column).clamp(1.1, 1.8);
        for (idx, neuron) in self.neurons.iter().enumerate() {
            let x = plot.x + (idx as f64 + 0.5) * column;
            let y = plot.bottom() + 7.5;
            for dot in neuron.dots() {
                // Three side by side would touch in a narrow column: there they stand on each other.
                let at = if column < 20.0 { (x, y + dot * 3.6) } else { (x + dot * 5.2, y) };
                sheet.disc(at, radius, theme.soft);
            }
            if idx % stride == 0 {
                let at = [((x, plot.bottom() + 21.0), Align::Middle)];
                sheet.label(&(idx + 1).to_string(), &at, &place.grown(3.0), &theme.plain(Theme::TICK));
            }
        }
        let at = [((plot.centre().0, plot.bottom() + 38.0), Align::Middle)];
        sheet.label(&self.title, &at, &place.grown(3.0), &theme.plain(Theme::TEXT));
    }

    /// What the grounds and marks mean.
    fn draw_kinds<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        let kinds = self.legend();
        let names: Vec<(String, Tint)> = kinds.iter().map(|(_, name)| (name.clone(), Tint::Soft)).collect();
        draw_legend(sheet, theme, &names, place, |sheet, idx, swatch| {
            let kind = kinds[idx].0;
            sheet.fill(swatch, kind.ground(theme));
            sheet.frame(swatch, Theme::HAIRLINE, theme.faint);
            let (x, y) = swatch.centre();
            for dot in kind.dots() {
                sheet.disc((x + dot * 4.0, y), 1.4, theme.soft);
            }
        })
    }
}

/// The column of a neuron, a feature and its rectangle each: its weights as heights, those below `least` left out, the largest nearest to
/// the axis.
fn stack_column<DB: DrawingBackend>(
    sheet: &mut Sheet<DB>,
    (idx, heights): (usize, &[f64]),
    (x, zero): (f64, f64),
    bar: f64,
    least: f64,
) -> Vec<(usize, Box2)> {
    let mut order: Vec<usize> = (0..heights.len()).filter(|&i| heights[i].is_finite()).collect();
    order::sort_by(&mut order, |&i, &j| heights[j].abs().total_cmp(&heights[i].abs()));
    let (mut above, mut below) = (0.0, 0.0);
    let mut stacked = Vec::new();
    for i in order {
        let height = heights[i].abs();
        if height < least {
            break;
        }
        let y = if heights[i] > 0.0 {
            above += height;
            zero - above
        } else {
            below += height;
            zero + below - height
        };
        // A gap of the card's colour parts neighbours of like colour, where there is room for it.
        let gap = if height > 3.0 { 1.0 } else { 0.0 };
        let place = Box2 { x, y, width: bar, height: height - gap };
        sheet.spot(Spot::new(Extent::Box(place), 0, idx, i).of(Some(i)).quiet());
        stacked.push((i, place));
    }
    stacked
}

/// Goes through the rectangles of columns, a feature and its place each, every column from its first to its last, for neighbours share pixels. Which
/// column is next is free: the colour for which most of them wait, because a browser remembers eight colours, and any other change
/// costs it more than the rectangle.
fn merged(columns: &[Vec<(usize, Box2)>], colors: &[RGBColor], mut fill: impl FnMut(&Box2, RGBColor)) {
    // Features of one colour count as one.
    let alike = |color: &RGBColor| colors.iter().position(|other| other == color).unwrap_or_default();
    let alike: Vec<usize> = colors.iter().map(alike).collect();
    let mut heads = vec![0; columns.len()];
    loop {
        let mut waiting = vec![0; colors.len()];
        for (column, &head) in columns.iter().zip(&heads) {
            if let Some(&(feature, _)) = column.get(head) {
                waiting[alike[feature]] += 1;
            }
        }
        let Some(most) = (0..colors.len()).max_by_key(|&color| waiting[color]).filter(|&color| waiting[color] > 0)
        else {
            return;
        };
        for (column, head) in columns.iter().zip(&mut heads) {
            while let Some((feature, place)) = column.get(*head)
                && alike[*feature] == most
            {
                fill(place, colors[most]);
                *head += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_columns_keep_their_orders_and_change_the_colour_less_often() {
        // Feature 3 has the colour of feature 0.
        let colors = [1, 2, 3, 1].map(|shade| RGBColor(shade, 0, 0));
        let orders: [&[usize]; 4] = [&[0, 1, 2], &[3, 2], &[0, 1, 2], &[]];
        let place = |x: usize, y: usize| Box2 { x: x as f64, y: y as f64, width: 1.0, height: 1.0 };
        let column = |(x, order): (usize, &&[usize])| {
            order.iter().enumerate().map(|(y, &feature)| (feature, place(x, y))).collect::<Vec<_>>()
        };
        let columns: Vec<_> = orders.iter().enumerate().map(column).collect();
        let mut filled = Vec::new();
        merged(&columns, &colors, |place, color| filled.push((place.x as usize, place.y as usize, color)));
        for (x, order) in orders.iter().enumerate() {
            let mine: Vec<_> = filled.iter().filter(|each| each.0 == x).map(|each| (each.1, each.2)).collect();
            let expected: Vec<_> = order.iter().enumerate().map(|(y, &feature)| (y, colors[feature])).collect();
            assert_eq!(mine, expected, "column {x}");
        }
        // Column by column there would be eight runs of a colour.
        assert_eq!(filled.chunk_by(|a, b| a.2 == b.2).count(), 3, "{filled:?}");
    }
}
