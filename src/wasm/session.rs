//! One problem and the jobs over it, as JavaScript sees them.

use super::flat::Flat;
use super::multi_head::{Attention, Projection, attention, projection};
use super::settled;
use super::task::{Steps, Task, push_bytes, push_doubles, push_floats, push_integers};
use crate::attend::{Inputs, Problem};
use crate::diagnostics::Columns;
use crate::error::Error;
use crate::pyramid::Levels;
use crate::task::{self, Answer, Attended, Cell, Workspace};
use js_sys::{Array, Uint16Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A problem, and room for one of its groups at a time.
struct Shared {
    problem: Problem,
    workspace: RefCell<Workspace>,
}

enum Of {
    Attention(Rc<Shared>),
    Projections(Projection),
    Heads(Attention),
}

/// One problem in this module's memory: attention, or a half of a multi-head layer.
#[wasm_bindgen]
pub struct Session(Of);

#[wasm_bindgen]
impl Session {
    /// Checks the tensors and options and packs them; copies. `flat.ts` says what comes in which order.
    #[wasm_bindgen(constructor)]
    pub fn new(numbers: &[f64], tensors: &Array) -> Result<Session, JsValue> {
        settled(open(&mut Flat::new(numbers, tensors))).map(Session)
    }

    /// Starts a job.
    pub fn start(&self, numbers: &[f64], tensors: &Array) -> Result<Task, JsValue> {
        let flat = &mut Flat::new(numbers, tensors);
        settled(match &self.0 {
            Of::Attention(shared) => start(shared, flat),
            Of::Projections(projection) => projection.start(flat),
            Of::Heads(heads) => heads.start(flat),
        })
        .map(Task)
    }
}

fn open(flat: &mut Flat) -> Result<Of, Error> {
    Ok(match flat.count() {
        0 => {
            let inputs = Inputs {
                query: flat.shaped("query")?,
                key: flat.shaped("key")?,
                value: flat.optional_shaped("value")?,
                mask: flat.optional_mask("attnMask")?,
                bias: flat.optional_shaped("attnBias")?,
            };
            let problem = Problem::new(inputs, &flat.options()?)?;
            let workspace = RefCell::new(Workspace::new(&problem)?);
            Of::Attention(Rc::new(Shared { problem, workspace }))
        }
        1 => Of::Projections(projection(flat)?),
        _ => Of::Heads(attention(flat)?),
    })
}

fn start(shared: &Rc<Shared>, flat: &mut Flat) -> Result<Box<dyn Steps>, Error> {
    let task = task::Task::new(&shared.problem, &flat.request()?)?;
    Ok(Box::new(Running { shared: shared.clone(), task }))
}

struct Running {
    shared: Rc<Shared>,
    task: task::Task,
}

impl Steps for Running {
    fn advance(&mut self) -> Result<bool, Error> {
        Ok(self.task.advance(&self.shared.problem, &mut self.shared.workspace.borrow_mut()))
    }

    fn progress(&self) -> f64 {
        self.task.progress()
    }

    fn finish(self: Box<Self>) -> Result<Array, Error> {
        let answer = Array::new();
        match self.task.finish()? {
            Answer::Attend(attended) => push_attended(&answer, &attended),
            Answer::Rectangle(values) => push_floats(&answer, &values),
            Answer::Overview(values, range) => {
                push_floats(&answer, &values);
                push_floats(&answer, &range);
            }
            Answer::Pyramid(levels) => push_levels(&answer, &levels),
            Answer::Heads(values) => push_doubles(&answer, &values),
            Answer::Cell(cell) => push_cell(&answer, &cell),
        }
        Ok(answer)
    }
}

fn push_attended(answer: &Array, attended: &Attended) {
    let stages = attended.stages.iter().map(|(_, values)| values);
    let all = attended.output.iter().chain(&attended.weights).chain(stages);
    all.for_each(|values| push_floats(answer, values));
    attended.status.iter().for_each(|status| push_bytes(answer, status));
    if let Some(columns) = &attended.statistics {
        push_columns(answer, columns);
    }
}

fn push_levels(answer: &Array, levels: &Levels) {
    push_floats(answer, &levels.max);
    answer.push(&Uint16Array::from(levels.mean.as_slice()));
    push_floats(answer, &levels.range);
    push_doubles(answer, &levels.columns);
    push_floats(answer, &levels.known);
    push_columns(answer, &levels.statistics);
}

/// In the order of [`STATISTICS`](crate::diagnostics::STATISTICS), the status behind them.
fn push_columns(answer: &Array, columns: &Columns) {
    for column in [
        &columns.mass,
        &columns.entropy,
        &columns.normalized_entropy,
        &columns.effective_keys,
        &columns.collision_keys,
        &columns.max_weight,
    ] {
        push_floats(answer, column);
    }
    push_integers(answer, &columns.argmax);
    for column in [&columns.attention_distance, &columns.first_mass, &columns.self_mass, &columns.previous_mass] {
        push_floats(answer, column);
    }
    push_bytes(answer, &columns.status);
}

fn push_cell(answer: &Array, cell: &Cell) {
    // -1 where a dimension has no partner.
    let partners: Vec<i32> = cell.partners.iter().map(|partner| partner.map_or(-1, |at| at as i32)).collect();
    push_floats(answer, &cell.products);
    push_integers(answer, &partners);
    push_floats(answer, &cell.stages);
    let row = [cell.row.mass[0], cell.row_max, f32::from(cell.allowed), f32::from(cell.row.status[0])];
    push_floats(answer, &[cell.dot, cell.query_norm, cell.key_norm, cell.cosine]);
    push_floats(answer, &row);
}
