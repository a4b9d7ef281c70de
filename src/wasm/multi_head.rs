//! The multi-head layer, as JavaScript sees it: each of its halves opens and answers as a problem of its own does.

use super::flat::Flat;
use super::session::Opened;
use super::task::{Steps, push_floats};
use crate::error::Error;
use crate::multi_head::{Heads, HeadsRequest, HeadsTask, Layer, Masks};
use crate::multi_head::{ProjectRequest, ProjectTask, Projections, Side, Source, Wanted, Weights};
use crate::task::Workspace;
use js_sys::Array;
use std::cell::RefCell;
use std::rc::Rc;

/// The second half, and room for one of its groups at a time.
type Shared = (Heads, RefCell<Workspace>);

/// The first half: rows (B, N, E) to heads.
pub(super) fn open_projections(flat: &mut Flat) -> Result<Box<dyn Opened>, Error> {
    let mut rows = |name| flat.shaped(name).map(|(data, [_, b, n, size])| (data, [b, n, size]));
    let source = Source { query: rows("query")?, key: rows("key")?, value: rows("value")? };
    let layer = Layer { num_heads: flat.count(), add_zero_attn: flat.flag(), weights: weights(flat)? };
    Ok(Box::new(Rc::new(Projections::new(&layer, source, &flat.options()?)?)))
}

/// The second half: attention between the heads' rows (B, H, N, d), and the out-projection.
pub(super) fn open_heads(flat: &mut Flat) -> Result<Box<dyn Opened>, Error> {
    let rows = [flat.shaped("query")?, flat.shaped("key")?, flat.shaped("value")?];
    let padding = flat.optional_mask("keyPaddingMask")?;
    let masks = Masks {
        attn_mask: flat.optional_mask("attnMask")?,
        attn_bias: flat.optional_shaped("attnBias")?,
        key_padding_mask: padding.map(|(data, [.., batch, keys])| (data, [batch, keys])),
    };
    let (appended, weights) = (flat.count(), weights(flat)?);
    let heads = Heads::new(rows, masks, appended, &weights, &flat.options()?)?;
    let workspace = RefCell::new(Workspace::new(heads.problem())?);
    Ok(Box::new(Rc::new((heads, workspace))))
}

/// The layer's tensors, in the order of the struct.
fn weights(flat: &mut Flat) -> Result<Weights, Error> {
    Ok(Weights {
        in_proj_weight: flat.tensor("inProjWeight")?,
        q_proj_weight: flat.tensor("qProjWeight")?,
        k_proj_weight: flat.tensor("kProjWeight")?,
        v_proj_weight: flat.tensor("vProjWeight")?,
        in_proj_bias: flat.tensor("inProjBias")?,
        bias_k: flat.tensor("biasK")?,
        bias_v: flat.tensor("biasV")?,
        out_proj_weight: flat.tensor("outProjWeight")?,
        out_proj_bias: flat.tensor("outProjBias")?,
    })
}

impl Opened for Rc<Projections> {
    fn start(&self, flat: &mut Flat) -> Result<Box<dyn Steps>, Error> {
        let task = ProjectTask::new(self, &project_request(flat))?;
        Ok(Box::new(Projecting(self.clone(), task)))
    }
}

impl Opened for Rc<Shared> {
    fn start(&self, flat: &mut Flat) -> Result<Box<dyn Steps>, Error> {
        let task = HeadsTask::new(&self.0, &heads_request(flat))?;
        Ok(Box::new(Attending(self.clone(), task)))
    }
}

fn project_request(flat: &mut Flat) -> ProjectRequest {
    let side = [Side::Query, Side::Key, Side::Value][flat.count()];
    ProjectRequest { side, planes: flat.range(), rows: flat.range() }
}

fn heads_request(flat: &mut Flat) -> HeadsRequest {
    let wanted = [Wanted::None, Wanted::Average, Wanted::Each][flat.count()];
    HeadsRequest { wanted, batches: flat.range(), rows: flat.range() }
}

struct Projecting(Rc<Projections>, ProjectTask);

impl Steps for Projecting {
    fn advance(&mut self) -> Result<bool, Error> {
        Ok(self.1.advance(&self.0))
    }

    fn progress(&self) -> f64 {
        self.1.progress()
    }

    fn finish(self: Box<Self>) -> Result<Array, Error> {
        let answer = Array::new();
        push_floats(&answer, &self.1.finish());
        Ok(answer)
    }
}

struct Attending(Rc<Shared>, HeadsTask);

impl Steps for Attending {
    fn advance(&mut self) -> Result<bool, Error> {
        self.1.advance(&self.0.0, &mut self.0.1.borrow_mut())
    }

    fn progress(&self) -> f64 {
        self.1.progress(&self.0.0)
    }

    /// The output, and the weights where they were wanted.
    fn finish(self: Box<Self>) -> Result<Array, Error> {
        let (answer, attended) = (Array::new(), self.1.finish());
        push_floats(&answer, &attended.output);
        attended.weights.iter().for_each(|weights| push_floats(&answer, weights));
        Ok(answer)
    }
}
