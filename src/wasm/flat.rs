//! What JavaScript asks, as numbers in an agreed order and the typed arrays that go with them: `www/src/engine/flat.ts`
//! writes what this reads. Names were checked there against the kernel's lists and come as their places in them.

use crate::by_name::ByName;
use crate::error::Error;
use crate::member::{Kind, Member};
use crate::normalize::NORMALIZERS;
use crate::options::{Alignment, Choice, Options, Setting};
use crate::position::POSITIONS;
use crate::score::SCORES;
use crate::tensor::{Tensor, filled};
use js_sys::{Array, Float32Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

/// Row-major numbers and all four axes.
type Shaped<T> = (Vec<T>, [usize; 4]);

pub(super) struct Flat<'a> {
    numbers: core::slice::Iter<'a, f64>,
    tensors: &'a Array,
    next: u32,
}

impl<'a> Flat<'a> {
    pub fn new(numbers: &'a [f64], tensors: &'a Array) -> Flat<'a> {
        Flat { numbers: numbers.iter(), tensors, next: 0 }
    }

    /// The next number; NaN at the end.
    #[inline(never)]
    pub fn number(&mut self) -> f64 {
        self.numbers.next().copied().unwrap_or(f64::NAN)
    }

    /// The next number, for which NaN stands where there is none.
    #[inline(never)]
    pub fn optional(&mut self) -> Option<f64> {
        Some(self.number()).filter(|number| !number.is_nan())
    }

    #[inline(never)]
    pub fn count(&mut self) -> usize {
        self.number() as usize
    }

    pub fn flag(&mut self) -> bool {
        self.number() == 1.0
    }

    #[inline(never)]
    pub fn range(&mut self) -> [usize; 2] {
        [self.count(), self.count()]
    }

    #[inline(never)]
    pub fn shape(&mut self) -> [usize; 4] {
        [self.count(), self.count(), self.count(), self.count()]
    }

    /// As many numbers as the next one says, where it is no NaN.
    #[inline(never)]
    pub fn counts(&mut self) -> Option<Vec<u32>> {
        let count = self.optional()?;
        Some((0..count as usize).map(|_| self.number() as u32).collect())
    }

    fn array(&mut self) -> JsValue {
        self.next += 1;
        self.tensors.get(self.next - 1)
    }

    /// A copy of the next array, or a typed error where there is no memory for it: the glue's own conversion would trap.
    #[inline(never)]
    pub fn floats(&mut self, name: &str) -> Result<Vec<f32>, Error> {
        let array: Float32Array = self.array().unchecked_into();
        let mut copy = filled(name, array.length() as usize, 0.0)?;
        array.copy_to(&mut copy);
        Ok(copy)
    }

    /// As [`floats`](Flat::floats).
    #[inline(never)]
    fn bytes(&mut self, name: &str) -> Result<Vec<u8>, Error> {
        let array: Uint8Array = self.array().unchecked_into();
        let mut copy = filled(name, array.length() as usize, 0)?;
        array.copy_to(&mut copy);
        Ok(copy)
    }

    #[inline(never)]
    pub fn shaped(&mut self, name: &str) -> Result<Shaped<f32>, Error> {
        Ok((self.floats(name)?, self.shape()))
    }

    #[inline(never)]
    pub fn optional_shaped(&mut self, name: &str) -> Result<Option<Shaped<f32>>, Error> {
        if self.flag() { self.shaped(name).map(Some) } else { Ok(None) }
    }

    #[inline(never)]
    pub fn optional_mask(&mut self, name: &str) -> Result<Option<Shaped<u8>>, Error> {
        if self.flag() { Ok(Some((self.bytes(name)?, self.shape()))) } else { Ok(None) }
    }

    /// Numbers with a shape of their own, where there are some.
    #[inline(never)]
    pub fn tensor(&mut self, name: &str) -> Result<Option<Tensor>, Error> {
        let Some(shape) = self.counts() else { return Ok(None) };
        let shape = shape.into_iter().map(|length| length as usize).collect();
        Ok(Some(Tensor { shape, data: self.floats(name)? }))
    }

    /// The options: first those of [`OPTIONS`](crate::options::OPTIONS) in its order. Masks and bias come by themselves.
    pub fn options(&mut self) -> Result<Options, Error> {
        Ok(Options {
            scale: self.optional(),
            temperature: self.optional().unwrap_or(1.0),
            softcap: self.optional(),
            causal: self.flag(),
            causal_alignment: self.optional().map(|at| match at {
                0.0 => Alignment::UpperLeft,
                _ => Alignment::LowerRight,
            }),
            left_window_size: self.optional().map_or(-1, |size| size as i64),
            right_window_size: self.optional().map_or(-1, |size| size as i64),
            causal_offset: self.optional().map(|offset| offset as i64),
            key_value_seq_lengths: self.counts(),
            query_seq_lengths: self.counts(),
            score: self.choice(&|at| &SCORES[at].member)?,
            normalizer: self.choice(&|at| &NORMALIZERS[at].member)?.unwrap_or(Choice::id("softmax")),
            position: self.choice(&|at| &POSITIONS[at].member)?.unwrap_or(Choice::id("none")),
        })
    }

    /// A member of a list by its place, and its parameters by theirs.
    #[inline(never)]
    fn choice(&mut self, list: &dyn Fn(usize) -> &'static Member) -> Result<Option<Choice>, Error> {
        let Some(at) = self.optional() else { return Ok(None) };
        let member = list(at as usize);
        let mut settings = ByName::default();
        for _ in 0..self.count() {
            let parameter = &member.parameters[self.count()];
            let value = match parameter.kind {
                Kind::Number { .. } => Setting::Number(self.number()),
                Kind::Flag { .. } => Setting::Flag(self.flag()),
                Kind::Choice { options, .. } => Setting::Name(options[self.count()].0.into()),
                Kind::Tensor { .. } => match self.tensor(parameter.name)? {
                    Some(tensor) => Setting::Tensor(tensor),
                    None => Setting::Automatic(()),
                },
            };
            settings.insert(parameter.name.into(), value);
        }
        Ok(Some(Choice::With { id: member.id.into(), settings }))
    }
}
