//! What is asked about parts of an attention problem, and the answers.

use super::attention::Shared;
use super::flat::Flat;
use super::task::{Steps, push_doubles, push_floats};
use crate::attend::Stage;
use crate::diagnostics::Columns;
use crate::error::Error;
use crate::overview::Pool;
use crate::pyramid::Levels;
use crate::task::{Answer, Attended, Cell, Request, Task};
use js_sys::{Array, Int32Array, Uint8Array, Uint16Array};
use std::rc::Rc;

/// Starts a job of this kind.
pub(super) fn start(shared: &Rc<Shared>, kind: usize, flat: &mut Flat) -> Result<Box<dyn Steps>, Error> {
    let task = Task::new(&shared.problem, &request(kind, flat)?)?;
    Ok(Box::new(Running { shared: shared.clone(), task }))
}

fn stage(flat: &mut Flat) -> Stage {
    Stage::ALL[flat.count()]
}

/// What is asked of a problem; each kind by its place in the list of `flat.ts`.
fn request(kind: usize, flat: &mut Flat) -> Result<Request, Error> {
    Ok(match kind {
        0 => Request::Attend {
            planes: flat.range(),
            rows: flat.range(),
            output: flat.flag(),
            weights: flat.flag(),
            statistics: flat.flag(),
            status: flat.flag(),
            stages: (0..flat.count()).map(|_| stage(flat)).collect(),
        },
        1 => Request::Rectangle {
            plane: flat.count(),
            rows: flat.range(),
            keys: flat.range(),
            stage: stage(flat),
            removed: flat.number() as f32,
        },
        2 => Request::Overview {
            plane: flat.count(),
            rows: flat.range(),
            keys: flat.range(),
            height: flat.count(),
            width: flat.count(),
            band: Some(flat.range()),
            stage: stage(flat),
            pool: if flat.flag() { Pool::Mean } else { Pool::Max },
            removed: flat.number() as f32,
        },
        4 => Request::Pyramid {
            plane: flat.count(),
            rows: flat.range(),
            levels: flat.range().map(|level| level as u32),
            stage: stage(flat),
            removed: flat.number() as f32,
        },
        5 => Request::Tile {
            plane: flat.count(),
            rows: flat.range(),
            keys: flat.range(),
            level: flat.count() as u32,
            stage: stage(flat),
            pool: if flat.flag() { Pool::Mean } else { Pool::Max },
            removed: flat.number() as f32,
            known: if flat.flag() { flat.floats("known")? } else { Vec::new() },
        },
        _ => Request::Cell { plane: flat.count(), row: flat.count(), key: flat.count() },
    })
}

struct Running {
    shared: Rc<Shared>,
    task: Task,
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

#[inline(never)]
fn push_integers(answer: &Array, values: &[i32]) {
    answer.push(&Int32Array::from(values));
}

#[inline(never)]
fn push_bytes(answer: &Array, values: &[u8]) {
    answer.push(&Uint8Array::from(values));
}
