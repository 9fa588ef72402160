//! `polytopes`: the solids that features form, with the matrices that they stand for (paper, "Why these geometric structures?" and
//! the aside on polytopes and low-rank matrices).

use serde_json::{Value, json};

use super::{Still, refuse};
use crate::error::Error;
use crate::figures::Tint;
use crate::figures::arrows::Plane;
use crate::figures::heatmap::Heatmap;
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::solid::Solid;
use crate::measures::{Measures, canonical_pose, capitalised, convex_hull, polytopes};
use crate::number::fixed;
use crate::order;
use crate::spec::ExperimentSpec;
use crate::sweep::Lab;
use crate::sweep::lab::map;
use crate::theory::thomson;

/// The most points on the sphere; beyond, descent from a dozen starts may miss the lowest energy.
const MOST_POINTS: usize = 12;

/// Shapes of the table that are no Thomson solution, to stand beside them.
const OTHERS: [(&str, &str); 3] = [
    ("square", "two digons at right angles"),
    ("pentagon", "five points in a plane"),
    ("square-antiprism", "the tight frame"),
];

/// The Thomson solutions of 2 points up to as many as there are features, the triangle that is left of three axes when W ⟂ (1, 1, 1),
/// and further shapes, each beside the matrix of its dot products.
///
/// # Errors
/// [`Error::Field`] for a hidden space that is not that of a sphere in space, and for fewer than 2 or more than 12 points.
pub fn make(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    if spec.hidden != 3 {
        return refuse("hidden", spec.hidden, "3, for points on a sphere");
    }
    if !(2..=MOST_POINTS).contains(&spec.features) {
        return refuse("features", spec.features, format!("2 to {MOST_POINTS} points"));
    }
    if !spec.sweep.is_empty() {
        return refuse("sweep", format!("{} axes", spec.sweep.len()), "none for this figure");
    }
    let mut frames = map(lab, "Thomson problem", spec.features - 1, |idx| {
        let solution = thomson(idx + 2, spec.seed);
        let origin = format!("lowest energy {}", fixed(solution.energy, 4));
        Ok(Frame::of(format!("{} points", idx + 2), origin, transposed(&solution.points), 3))
    })?;
    frames.push(Frame::of(
        "Three axes".into(),
        "seen along (1, 1, 1), to which W is orthogonal".into(),
        axes_without_ones(3),
        2,
    ));
    let known = polytopes();
    for (name, origin) in OTHERS {
        let solid = known.iter().find(|solid| solid.name == name).expect("a name of the table");
        frames.push(Frame::of(capitalised(&name.replace('-', " ")), origin.into(), solid.matrix(), solid.dimension));
    }
    let n_frames = frames.len();
    let panels = frames.iter().enumerate().flat_map(|(idx, frame)| [frame.picture(), frame.gram(idx + 1 == n_frames)]);
    let panels = Panels::new(panels.collect(), 126.0, 6).in_groups_of(2);
    Ok(Still::new(panels, raw_data(frames)))
}

/// The vectors of each frame with what is measured of them.
fn raw_data(frames: Vec<Frame>) -> impl Fn() -> Value {
    move || json!({ "frames": frames.iter().map(Frame::json).collect::<Vec<Value>>() })
}

/// The k basis vectors of k dimensions, projected to the space that is orthogonal to (1, …, 1): `[k − 1][k]`, by the rows of the Helmert
/// matrix. They are a simplex.
pub fn axes_without_ones(k: usize) -> Vec<f64> {
    let row = |r: usize| {
        let scale = 1.0 / ((r * (r + 1)) as f64).sqrt();
        (0..k).map(move |i| match i.cmp(&r) {
            std::cmp::Ordering::Less => scale,
            std::cmp::Ordering::Equal => -(r as f64) * scale,
            std::cmp::Ordering::Greater => 0.0,
        })
    };
    (1..k).flat_map(row).collect()
}

/// `[3][n]` of n points.
pub fn transposed(points: &[[f64; 3]]) -> Vec<f64> {
    (0..3).flat_map(|k| points.iter().map(move |point| point[k])).collect()
}

/// Vectors with what is measured of them.
#[derive(Clone)]
struct Frame {
    title: String,
    origin: String,
    w: Vec<f64>,
    n: usize,
    dimension: usize,
    measures: Measures,
}

impl Frame {
    fn of(title: String, origin: String, w: Vec<f64>, dimension: usize) -> Self {
        let n = w.len() / dimension;
        let measures = Measures::of(&w, n, dimension);
        Frame { title, origin, w, n, dimension, measures }
    }

    fn json(&self) -> Value {
        json!({
            "title": self.title,
            "origin": self.origin,
            "weights": self.w.chunks_exact(self.n).collect::<Vec<_>>(),
            "solution": self.measures.solution,
            "dimensionality": self.measures.dimensionality,
        })
    }

    /// The tegum factor of each vertex as a colour.
    fn tints(&self) -> Vec<Tint> {
        let factor = |i: usize| self.measures.geometry.iter().position(|factor| factor.features.contains(&i));
        (0..self.n).map(|i| Tint::Kind(factor(i).unwrap_or(0))).collect()
    }

    fn picture(&self) -> Panel {
        let pose = canonical_pose(&self.w, self.n, self.dimension);
        let solution = capitalised(&self.measures.solution.replace('-', " "));
        let words =
            if solution == self.title { capitalised(&self.origin) } else { format!("{solution}: {}", self.origin) };
        let view = if self.dimension == 2 {
            let weights = pose.into_iter().map(|weight| weight as f32).collect();
            View::Plane(Plane::new(self.n, weights).with_tints(self.tints()))
        } else {
            // The first vertex points up.
            let point = |i: usize| [pose[self.n + i], pose[i], pose[2 * self.n + i]];
            let points: Vec<[f64; 3]> = (0..self.n).map(point).collect();
            let hull = convex_hull(&points);
            let edges = hull.edges.into_iter().map(|(a, b)| [a, b]).collect();
            // The numbers are those of the matrix' rows.
            let names = (1..=self.n).map(|i| i.to_string()).collect();
            let solid = Solid::new(points, self.tints()).with_edges(edges, hull.faces).with_names(names);
            View::Solid(Solid { spokes: true, ..solid.seen_from(0.35, 0.3) })
        };
        Panel::new(self.title.clone(), words, view)
    }

    /// The matrix of dot products, with the dimensionalities in words.
    fn gram(&self, color_bar: bool) -> Panel {
        let column = |i: usize| (0..self.dimension).map(move |k| self.w[k * self.n + i]);
        let dot = |i: usize, j: usize| column(i).zip(column(j)).map(|(a, b)| a * b).sum::<f64>();
        let values = (0..self.n).flat_map(|i| (0..self.n).map(move |j| (i, j))).map(|(i, j)| dot(i, j)).collect();
        let map = Heatmap::new(self.n, self.n, values).with_limit(1.0).with_color_bar(color_bar).of_features();
        Panel::new("WᵀW", format!("D = {}", dimensionalities(&self.measures.dimensionality)), View::Heatmap(map))
    }
}

/// Dimensionalities that are equal to 1e-6 counted, as fractions where they are simple: `3 × 2/3, 2 × 1/2`; the least and the greatest
/// where there are more than three.
fn dimensionalities(values: &[f64]) -> String {
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for &value in values {
        match groups.iter_mut().find(|(known, _)| (known - value).abs() < 1e-6) {
            Some((_, count)) => *count += 1,
            None => groups.push((value, 1)),
        }
    }
    order::sort_by(&mut groups, |a, b| b.0.total_cmp(&a.0));
    match &groups[..] {
        [(most, _), _, _, .., (least, _)] => format!("{} to {}", fixed(*least, 4), fixed(*most, 4)),
        groups => {
            let words = groups.iter().map(|(value, count)| format!("{count} × {}", fraction(*value)));
            words.collect::<Vec<_>>().join(", ")
        }
    }
}

/// A simple fraction where the number is one to 1e-6, else four decimals.
fn fraction(value: f64) -> String {
    let simple =
        (1..=20).map(|below| (value * f64::from(below), below)).find(|(above, _)| (above - above.round()).abs() < 1e-6);
    match simple {
        Some((above, 1)) => fixed(above, 0),
        Some((above, below)) => format!("{}/{below}", fixed(above, 0)),
        None => fixed(value, 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensionalities_are_counted_as_fractions() {
        let thirds = 2.0 / 3.0;
        assert_eq!(dimensionalities(&[thirds, 0.5, thirds, 0.5, thirds]), "3 × 2/3, 2 × 1/2");
        assert_eq!(dimensionalities(&[1.0, 0.374_376]), "1 × 1, 1 × 0.3744");
        assert_eq!(dimensionalities(&[0.1, 0.2, 0.3, 0.4]), "0.1000 to 0.4000");
    }

    #[test]
    fn axes_without_ones_are_orthogonal_to_ones_and_keep_their_dot_products() {
        for k in 2..7 {
            let w = axes_without_ones(k);
            for row in w.chunks_exact(k) {
                assert!(row.iter().sum::<f64>().abs() < 1e-12, "{row:?}");
            }
            for i in 0..k {
                for j in 0..k {
                    let dot: f64 = w.chunks_exact(k).map(|row| row[i] * row[j]).sum();
                    let expected = if i == j { 1.0 } else { 0.0 } - 1.0 / k as f64;
                    assert!((dot - expected).abs() < 1e-12, "{dot} for {expected}");
                }
            }
        }
    }
}
