//! The measures against numbers by hand, coordinates of known solids, and invariances.

mod align;
mod dynamics;
mod invariances;
mod neurons;
mod polytopes;
mod shapes;
mod support;
mod values;
mod words;
