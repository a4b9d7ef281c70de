//! An attention problem, as JavaScript sees it: the kernel answers for any part of it, and another module for whole heads.

use super::flat::Flat;
use super::session::{Opened, elsewhere};
use super::task::Steps;
use crate::attend::{Inputs, Problem};
use crate::error::Error;
use crate::task::Workspace;
use std::cell::RefCell;
use std::rc::Rc;

/// A problem, and room for one of its groups at a time.
pub(super) struct Shared {
    pub problem: Problem,
    pub workspace: RefCell<Workspace>,
}

pub(super) fn open(flat: &mut Flat) -> Result<Box<dyn Opened>, Error> {
    let inputs = Inputs {
        query: flat.shaped("query")?,
        key: flat.shaped("key")?,
        value: flat.optional_shaped("value")?,
        mask: flat.optional_mask("attnMask")?,
        bias: flat.optional_shaped("attnBias")?,
    };
    let problem = Problem::new(inputs, &flat.options()?)?;
    let workspace = RefCell::new(Workspace::new(&problem)?);
    Ok(Box::new(Rc::new(Shared { problem, workspace })))
}

impl Opened for Rc<Shared> {
    /// What is asked, by its place in the list of `flat.ts`.
    fn start(&self, flat: &mut Flat) -> Result<Box<dyn Steps>, Error> {
        match flat.count() {
            #[cfg(feature = "layers")]
            3 => super::survey::start(self, flat),
            #[cfg(feature = "kernel")]
            kind @ 0..=6 => super::request::start(self, kind, flat),
            kind => Err(elsewhere(kind)),
        }
    }
}
