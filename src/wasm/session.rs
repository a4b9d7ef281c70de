//! One problem and the jobs over it, as JavaScript sees them.

use super::{object, raise};
use crate::attend::{Inputs, Problem, STAGES};
use crate::diagnostics::Columns;
use crate::error::Error;
use crate::normalize::STATUSES;
use crate::options::{Choice, Options, Setting};
use crate::pyramid::Levels;
use crate::task::{self, Answer, Attended, Cell, Request, Workspace};
use crate::tensor::{Tensor, filled};
use js_sys::{Float32Array, Float64Array, Int32Array, Object, Reflect, Uint8Array, Uint16Array};
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

struct Shared {
    problem: Problem,
    workspace: RefCell<Workspace>,
}

/// One attention problem in this module's memory.
#[wasm_bindgen]
pub struct Session(Rc<Shared>);

#[wasm_bindgen]
impl Session {
    /// Checks the tensors and options and packs them. `problem` is
    /// `{ query: shape, key: shape, value: shape | null, options }`, each shape four numbers; copies.
    #[wasm_bindgen(constructor)]
    pub fn new(
        query: &Float32Array,
        key: &Float32Array,
        value: Option<Float32Array>,
        problem: &JsValue,
    ) -> Result<Session, JsValue> {
        let given = field(problem, "options");
        let inputs = Inputs {
            query: (floats_of("query", query)?, shape("query", problem, "query")?),
            key: (floats_of("key", key)?, shape("key", problem, "key")?),
            value: match value {
                Some(value) => Some((floats_of("value", &value)?, shape("value", problem, "value")?)),
                None => None,
            },
            mask: tensor("attnMask", &given, |data| bytes_of("attnMask", &Uint8Array::new(&data)))?,
            bias: tensor("attnBias", &given, |data| floats_of("attnBias", &Float32Array::new(&data)))?,
        };
        let problem = Problem::new(inputs, &options(&given)?).map_err(raise)?;
        let workspace = RefCell::new(Workspace::new(&problem).map_err(raise)?);
        Ok(Session(Rc::new(Shared { problem, workspace })))
    }

    /// Starts a job.
    pub fn start(&self, request: JsValue) -> Result<Task, JsValue> {
        let told = field(&request, "known");
        // Numbers do not go through serde: it would look for a value of any kind in them, and find none that it knows.
        if told.has_type::<Float32Array>() {
            Reflect::delete_property(request.unchecked_ref::<Object>(), &"known".into())?;
        }
        let mut request: Request = read("request", "a request as in task.rs", request)?;
        if let (Request::Tile { known, .. }, false) = (&mut request, told.is_undefined()) {
            *known = floats_of("known", &Float32Array::new(&told))?;
        }
        let task = task::Task::new(&self.0.problem, &request).map_err(raise)?;
        Ok(Task { shared: self.0.clone(), task })
    }
}

/// A job under way.
#[wasm_bindgen]
pub struct Task {
    shared: Rc<Shared>,
    task: task::Task,
}

#[wasm_bindgen]
impl Task {
    /// Does one step: eight rows of one head. Returns whether the job is done.
    pub fn advance(&mut self) -> bool {
        self.task.advance(&self.shared.problem, &mut self.shared.workspace.borrow_mut())
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.task.progress()
    }

    /// The answer; the job is gone afterwards. Copies.
    pub fn finish(self) -> Result<JsValue, JsValue> {
        Ok(match self.task.finish().map_err(raise)? {
            Answer::Attend(attended) => attended_object(&attended),
            Answer::Rectangle(values) => object(&[("values", floats(&values))]),
            Answer::Overview(values, [low, high]) => {
                object(&[("values", floats(&values)), ("low", low.into()), ("high", high.into())])
            }
            Answer::Pyramid(levels) => pyramid_object(&levels),
            Answer::Heads(values) => object(&[("values", Float64Array::from(values.as_slice()).into())]),
            Answer::Cell(cell) => cell_object(&cell),
        })
    }
}

/// A value of JavaScript as one of ours.
pub(super) fn read<T: DeserializeOwned>(name: &str, rule: &str, value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|error| {
        let found = error.to_string();
        let found = found.strip_prefix("Error: ").unwrap_or(&found).into();
        raise(Error::Parameter { name: name.into(), expected: rule.into(), found })
    })
}

pub(super) fn shape(name: &str, object: &JsValue, key: &str) -> Result<[usize; 4], JsValue> {
    read(name, "a shape of four whole numbers", field(object, key))
}

/// A copy, or a typed error where there is no memory for it: the glue's own conversion would trap.
pub(super) fn floats_of(name: &str, array: &Float32Array) -> Result<Vec<f32>, JsValue> {
    let mut copy = filled(name, array.length() as usize, 0.0).map_err(raise)?;
    array.copy_to(&mut copy);
    Ok(copy)
}

/// As [`floats_of`].
pub(super) fn bytes_of(name: &str, array: &Uint8Array) -> Result<Vec<u8>, JsValue> {
    let mut copy = filled(name, array.length() as usize, 0).map_err(raise)?;
    array.copy_to(&mut copy);
    Ok(copy)
}

pub(super) fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// The options: plain values by serde, and the chosen members, whose parameters may be tensors, by hand. The masks come beside.
pub(super) fn options(given: &JsValue) -> Result<Options, JsValue> {
    let plain = Object::assign(&Object::new(), &Object::from(given.clone()));
    for name in ["attnMask", "attnBias", "score", "normalizer", "position"] {
        Reflect::delete_property(&plain, &name.into())?;
    }
    let mut options: Options = read("options", "options of the documented types", plain.into())?;
    options.score = choice("score", given)?;
    options.normalizer = choice("normalizer", given)?.unwrap_or(options.normalizer);
    options.position = choice("position", given)?.unwrap_or(options.position);
    Ok(options)
}

/// The member in field `name` of the options: its id, or an object with its id and its parameters.
fn choice(name: &str, options: &JsValue) -> Result<Option<Choice>, JsValue> {
    let given = field(options, name);
    if given.is_undefined() || given.is_null() {
        return Ok(None);
    }
    if let Some(id) = given.as_string() {
        return Ok(Some(Choice::Id(id)));
    }
    let mut settings = BTreeMap::new();
    for key in Object::keys(&Object::from(given.clone())).iter().filter_map(|key| key.as_string()) {
        let value = field(&given, &key);
        settings.insert(key, setting(name, value)?);
    }
    let Some(Setting::Name(id)) = settings.remove("id") else {
        let (expected, found) = ("the id of a member".into(), "none".into());
        return Err(raise(Error::Parameter { name: format!("{name}.id"), expected, found }));
    };
    Ok(Some(Choice::With { id, settings }))
}

/// The value of a parameter.
fn setting(name: &str, value: JsValue) -> Result<Setting, JsValue> {
    if field(&value, "shape").is_undefined() {
        return read(name, "a number, a name, true, false or a tensor", value);
    }
    parameter(name, &value).map(Setting::Tensor)
}

/// Numbers `{ data, shape }` with a shape of their own.
pub(super) fn parameter(name: &str, value: &JsValue) -> Result<Tensor, JsValue> {
    let shape = read(name, "a shape of whole numbers", field(value, "shape"))?;
    let data = floats_of(name, &Float32Array::new(&field(value, "data")))?;
    Ok(Tensor { shape, data })
}

pub(super) type Shaped<T> = (Vec<T>, [usize; 4]);

/// The tensor `{ data, shape }` in field `name` of the options, if there is one.
pub(super) fn tensor<T>(
    name: &str,
    options: &JsValue,
    copy: fn(JsValue) -> Result<Vec<T>, JsValue>,
) -> Result<Option<Shaped<T>>, JsValue> {
    let tensor = field(options, name);
    if tensor.is_undefined() || tensor.is_null() {
        return Ok(None);
    }
    Ok(Some((copy(field(&tensor, "data"))?, shape(name, &tensor, "shape")?)))
}

pub(super) fn floats(values: &[f32]) -> JsValue {
    Float32Array::from(values).into()
}

fn attended_object(attended: &Attended) -> JsValue {
    let mut fields = Vec::new();
    let optional = |values: &Option<Vec<f32>>| values.as_ref().map(|values| floats(values));
    fields.extend(optional(&attended.output).map(|values| ("output", values)));
    fields.extend(optional(&attended.weights).map(|values| ("weights", values)));
    let stages: Vec<_> = attended.stages.iter().map(|(s, values)| (STAGES[*s as usize].id, floats(values))).collect();
    fields.push(("stages", object(&stages)));
    let status = attended.status.as_ref().map(|status| Uint8Array::from(status.as_slice()).into());
    fields.extend(status.map(|status| ("status", status)));
    fields.extend(attended.statistics.as_ref().map(|columns| ("statistics", columns_object(columns))));
    object(&fields)
}

fn pyramid_object(levels: &Levels) -> JsValue {
    let [low, high] = levels.range;
    object(&[
        ("max", floats(&levels.max)),
        ("mean", Uint16Array::from(levels.mean.as_slice()).into()),
        ("low", low.into()),
        ("high", high.into()),
        ("columns", Float64Array::from(levels.columns.as_slice()).into()),
        ("statistics", columns_object(&levels.statistics)),
        ("known", floats(&levels.known)),
    ])
}

fn columns_object(columns: &Columns) -> JsValue {
    object(&[
        ("mass", floats(&columns.mass)),
        ("entropy", floats(&columns.entropy)),
        ("normalizedEntropy", floats(&columns.normalized_entropy)),
        ("effectiveKeys", floats(&columns.effective_keys)),
        ("collisionKeys", floats(&columns.collision_keys)),
        ("maxWeight", floats(&columns.max_weight)),
        ("argmax", Int32Array::from(columns.argmax.as_slice()).into()),
        ("attentionDistance", floats(&columns.attention_distance)),
        ("firstMass", floats(&columns.first_mass)),
        ("selfMass", floats(&columns.self_mass)),
        ("previousMass", floats(&columns.previous_mass)),
        ("status", Uint8Array::from(columns.status.as_slice()).into()),
    ])
}

/// -1 where a dimension has no partner.
fn partners(cell: &Cell) -> Vec<i32> {
    cell.partners.iter().map(|partner| partner.map_or(-1, |partner| partner as i32)).collect()
}

fn cell_object(cell: &Cell) -> JsValue {
    let [raw, scaled, capped, biased, logit, weight] = cell.stages;
    object(&[
        ("products", floats(&cell.products)),
        ("partners", Int32Array::from(partners(cell).as_slice()).into()),
        ("raw", raw.into()),
        ("scaled", scaled.into()),
        ("capped", capped.into()),
        ("biased", biased.into()),
        ("logit", logit.into()),
        ("weight", weight.into()),
        ("dot", cell.dot.into()),
        ("queryNorm", cell.query_norm.into()),
        ("keyNorm", cell.key_norm.into()),
        ("cosine", cell.cosine.into()),
        ("mass", cell.row.mass[0].into()),
        ("rowMax", cell.row_max.into()),
        ("allowed", cell.allowed.into()),
        ("status", STATUSES[cell.row.status[0] as usize].id.into()),
    ])
}
