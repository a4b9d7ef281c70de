//! Which keys a query may see, and what is added to its logits. All masks are combined by "and", all biases add.
//!
//! A key is removed from a row where the boolean mask is 0, where the causal rule, the window or the key length excludes
//! it, or where its bias is exactly minus infinity. Large finite "masks" (−1e9) are ordinary biases.

use crate::error::Error;
use crate::options::Options;
use crate::simd::{Lanes, WIDTH};
use crate::tensor::{Sizes, check_length, join};
use core::ops::Range;

/// A tensor that is stretched to (B, Hq, N, M): axes of length 1 count for every index.
pub struct Broadcast<T> {
    data: Vec<T>,
    strides: [usize; 4],
}

impl<T: Copy> Broadcast<T> {
    /// Checks that `shape` stretches to the problem's (B, Hq, N, M).
    ///
    /// # Errors
    /// `Fault::Shape`, naming `name`.
    pub fn new(name: &str, data: Vec<T>, shape: [usize; 4], sizes: &Sizes) -> Result<Self, Error> {
        check_length(name, shape, data.len())?;
        let full = [sizes.batch, sizes.heads, sizes.queries, sizes.keys];
        let mut strides = [0; 4];
        let mut step = 1;
        for axis in (0..4).rev() {
            if shape[axis] != full[axis] && shape[axis] != 1 {
                return Err(Error::shape(
                    &name,
                    &format_args!("({}), with 1 on any axis", join(&full)),
                    &format_args!("({})", join(&shape)),
                ));
            }
            strides[axis] = if shape[axis] == 1 { 0 } else { step };
            step *= shape[axis];
        }
        Ok(Broadcast { data, strides })
    }

    /// Where the row starts, and the step from key to key.
    fn row(&self, batch: usize, head: usize, row: usize) -> (usize, usize) {
        let [b, h, i, j] = self.strides;
        (batch * b + head * h + row * i, j)
    }
}

/// The rows that travel together: up to eight, starting at a multiple of eight, of one plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// batch · Hq + head.
    pub plane: usize,
    /// The first row, a multiple of eight.
    pub first: usize,
    /// How many rows there are, 1 to 8.
    pub count: usize,
}

impl Group {
    /// The row in `lane`: the last one again where there are fewer than eight, so that every lane holds one.
    pub fn row(&self, lane: usize) -> usize {
        self.first + lane.min(self.count - 1)
    }
}

/// The rules of one problem.
pub struct Mask {
    heads: usize,
    keys: usize,
    causal: bool,
    offset: i64,
    left: i64,
    right: i64,
    /// How many keys of each batch item are real.
    lengths: Option<Vec<u32>>,
    /// How many queries of each batch item are real.
    query_lengths: Option<Vec<u32>>,
    allowed: Option<Broadcast<u8>>,
    bias: Option<Broadcast<f32>>,
}

impl Mask {
    /// The rules that the options state, with a boolean mask (1 = may attend) and an additive bias.
    ///
    /// # Errors
    /// `Fault::Parameter` for key lengths that do not fit or an alignment that is missing.
    pub fn new(
        options: &Options,
        sizes: &Sizes,
        allowed: Option<Broadcast<u8>>,
        bias: Option<Broadcast<f32>>,
    ) -> Result<Mask, Error> {
        let lengths = &options.key_value_seq_lengths;
        check_lengths("keyValueSeqLengths", lengths, sizes.batch, ("keys", sizes.keys))?;
        let query_lengths = &options.query_seq_lengths;
        check_lengths("querySeqLengths", query_lengths, sizes.batch, ("queries", sizes.queries))?;
        Ok(Mask {
            heads: sizes.heads,
            keys: sizes.keys,
            causal: options.causal,
            offset: options.offset(sizes.queries, sizes.keys)?,
            left: options.left_window_size,
            right: options.right_window_size,
            lengths: lengths.clone(),
            query_lengths: query_lengths.clone(),
            allowed,
            bias,
        })
    }

    /// Whether there is an additive bias of the caller's.
    pub fn has_bias(&self) -> bool {
        self.bias.is_some()
    }

    /// The key at which query `row` stands: row + offset. May lie outside the keys.
    pub fn position(&self, row: usize) -> i64 {
        (row as i64).saturating_add(self.offset)
    }

    /// The keys that row `row` may see by the causal rule, the window and the lengths.
    pub fn visible(&self, batch: usize, row: usize) -> Range<usize> {
        if self.query_lengths.as_ref().is_some_and(|lengths| row >= lengths[batch] as usize) {
            return 0..0;
        }
        let position = self.position(row);
        let length = self.lengths.as_ref().map_or(self.keys, |lengths| lengths[batch] as usize) as i64;
        let mut range = 0..length;
        if self.causal {
            range.end = range.end.min(position.saturating_add(1));
        }
        if self.right >= 0 {
            range.end = range.end.min(position.saturating_add(self.right).saturating_add(1));
        }
        if self.left >= 0 {
            range.start = position.saturating_sub(self.left).max(0);
        }
        let end = range.end.max(0);
        range.start.min(end) as usize..end as usize
    }

    /// The keys that any row of the group may see by those rules.
    pub fn visible_to_any(&self, group: Group) -> Range<usize> {
        let ranges = (group.first..group.first + group.count).map(|row| self.visible(group.plane / self.heads, row));
        let ranges = ranges.filter(|range| !range.is_empty());
        ranges.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or(0..0)
    }

    /// Adds the bias to logits that start at key `first`.
    pub fn add_bias(&self, group: Group, first: usize, logits: &mut [Lanes]) {
        self.each(&self.bias, group, first, logits, |logit, bias| *logit += bias);
    }

    /// Sets the logits of removed keys to minus infinity, whatever they were.
    pub fn remove(&self, group: Group, first: usize, logits: &mut [Lanes]) {
        let end = first + logits.len();
        for lane in 0..WIDTH {
            let visible = self.visible(group.plane / self.heads, group.row(lane));
            let start = visible.start.clamp(first, end);
            let stop = visible.end.clamp(start, end);
            for part in [0..start - first, stop - first..logits.len()] {
                logits[part].iter_mut().for_each(|logits| logits[lane] = f32::NEG_INFINITY);
            }
        }
        self.each(&self.bias, group, first, logits, |logit, bias| {
            if bias == f32::NEG_INFINITY {
                *logit = bias;
            }
        });
        self.each(&self.allowed, group, first, logits, |logit, allowed| {
            if allowed == 0 {
                *logit = f32::NEG_INFINITY;
            }
        });
    }

    /// Calls `change` with each logit of the group's rows and the tensor's value for it, if there is a tensor.
    fn each<T: Copy>(
        &self,
        tensor: &Option<Broadcast<T>>,
        group: Group,
        first: usize,
        logits: &mut [Lanes],
        change: impl Fn(&mut f32, T),
    ) {
        let Some(tensor) = tensor else { return };
        for lane in 0..WIDTH {
            let (start, step) = tensor.row(group.plane / self.heads, group.plane % self.heads, group.row(lane));
            for (key, logits) in (first..self.keys).zip(logits.iter_mut()) {
                change(&mut logits[lane], tensor.data[start + key * step]);
            }
        }
    }
}

/// One length for each batch item, none longer than there are.
fn check_lengths(
    name: &str,
    lengths: &Option<Vec<u32>>,
    batch: usize,
    (what, most): (&str, usize),
) -> Result<(), Error> {
    let Some(lengths) = lengths else { return Ok(()) };
    let refuse = |expected, found| Err(Error::parameter(&name, &expected, &found));
    if lengths.len() != batch {
        return refuse(format!("{batch} numbers, one per batch item"), format!("{} numbers", lengths.len()));
    }
    match lengths.iter().find(|&&length| length as usize > most) {
        Some(length) => refuse(format!("at most the number of {what}, {most}"), length.to_string()),
        None => Ok(()),
    }
}
