//! Files: what is right is read exactly, what is wrong is refused by name, and nothing is ever a panic.

mod build;
mod exact;
mod faults;
mod fuzz;
