//! Tegum factors: which represented features hang together, and what each such group is.
//!
//! A tegum product puts solids into orthogonal subspaces (paper, "Uniform superposition"): features of different factors
//! don't interfere. The factors are found as the connected components of the graph that joins two represented
//! features where they are not nearly orthogonal.

use super::recognise::recognise;
use super::{Factor, Shape, UnitColumns, rank};

/// Groups of features that grow as pairs are joined (union–find, with paths halved).
pub(super) struct Components {
    parent: Vec<usize>,
}

impl Components {
    pub(super) fn new(n_features: usize) -> Self {
        Self { parent: (0..n_features).collect() }
    }

    /// The feature that stands for i's group.
    fn root(&mut self, mut i: usize) -> usize {
        while self.parent[i] != i {
            self.parent[i] = self.parent[self.parent[i]];
            i = self.parent[i];
        }
        i
    }

    pub(super) fn join(&mut self, i: usize, j: usize) {
        let (i, j) = (self.root(i), self.root(j));
        self.parent[j] = i;
    }

    /// The groups among these features (in order), each in order, in the order of their first features.
    pub(super) fn groups(mut self, features: &[usize]) -> Vec<Vec<usize>> {
        let mut group_of = vec![None; self.parent.len()];
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for &i in features {
            let root = self.root(i);
            let group = *group_of[root].get_or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[group].push(i);
        }
        groups
    }
}

/// Recognises each group's shape and counts the dimensions that it spans.
pub(super) fn factors(groups: Vec<Vec<usize>>, columns: &UnitColumns) -> Vec<Factor> {
    let factor = |features: Vec<usize>| {
        let shape = recognise(features.len(), |member, cosines| {
            columns.cosines_among_into(features[member], &features, cosines);
        });
        let dimension = match shape {
            Shape::Irregular => rank::of_factor(columns, &features),
            // Noise within the shape's tolerance spans further dimensions, a little; the shape does not.
            regular => regular.dimension().min(columns.n_hidden),
        };
        Factor { features, dimension, shape }
    };
    groups.into_iter().map(factor).collect()
}
