//! What is asked about whole heads of an attention problem.

use super::attention::Shared;
use super::flat::Flat;
use super::task::{Steps, push_doubles};
use crate::diagnostics::frame::Grid;
use crate::error::Error;
use crate::survey::{Known, SurveyTask};
use js_sys::Array;
use std::rc::Rc;

/// Starts the survey of some heads.
pub(super) fn start(shared: &Rc<Shared>, flat: &mut Flat) -> Result<Box<dyn Steps>, Error> {
    let planes = flat.range();
    let known = Known {
        exclude_bos: flat.flag(),
        exclude_current_token: flat.flag(),
        grid: flat.optional().map(|height| Grid {
            height: height as usize,
            width: flat.count(),
            patch_size: flat.number(),
            tokens_before: flat.count(),
        }),
        tokens: flat.counts(),
    };
    Ok(Box::new(Surveying(shared.clone(), SurveyTask::new(&shared.problem, planes, &known)?)))
}

struct Surveying(Rc<Shared>, SurveyTask);

impl Steps for Surveying {
    fn advance(&mut self) -> Result<bool, Error> {
        self.1.advance(&self.0.problem, &mut self.0.workspace.borrow_mut())
    }

    fn progress(&self) -> f64 {
        self.1.progress()
    }

    fn finish(self: Box<Self>) -> Result<Array, Error> {
        let answer = Array::new();
        push_doubles(&answer, &self.1.finish());
        Ok(answer)
    }
}
