//! What several colour maps are made of.

pub mod arms;
