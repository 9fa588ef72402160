//! The natural solutions of n = 2, m = 1.
