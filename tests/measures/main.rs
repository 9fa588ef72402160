//! The measures against numbers by hand, coordinates of known solids, and invariances.

mod invariances;
mod shapes;
mod support;
mod values;
mod words;
