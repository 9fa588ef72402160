//! Invariances, sampling, and the edges of the domain.
