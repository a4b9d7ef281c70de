//! The masks of the layer, made into those of `attend.rs`: joined with the padding, and widened by the appended keys,
//! which every row may see.

use super::{Shaped, misshapen, own};
use crate::error::Error;
use crate::mask::Mask;
use crate::options::Options;
use crate::tensor::{Sizes, check_length, join, reserved};

/// What a caller gives beside the rows. 1 = may attend: the opposite of torch's own masks.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    /// Stretches to (B, H, N, S); torch's (B·H, N, S) as (1, B·H, N, S).
    pub attn_mask: Option<Shaped<u8, 4>>,
    /// Added to the logits; of the same shapes.
    pub attn_bias: Option<Shaped<f32, 4>>,
    /// Which keys of each batch item are real (B, S).
    pub key_padding_mask: Option<Shaped<u8, 2>>,
}

/// Those of a [`Problem`](crate::attend::Problem).
pub(super) type ForProblem = (Option<Shaped<u8, 4>>, Option<Shaped<f32, 4>>);

impl Masks {
    /// The masks over all keys, of which the last are `appended`. Where there are any, the rules of `options` that
    /// would remove them are written into the mask and taken out of the options.
    pub(super) fn widen(self, sizes: &Sizes, appended: usize, options: &mut Options) -> Result<ForProblem, Error> {
        let own = own(sizes, appended);
        let bias = self.attn_bias.map(|bias| Stretched::new("attnBias", bias, &own)).transpose()?;
        let lengths = options.key_value_seq_lengths.is_some();
        let joined = Joined {
            own,
            given: self.attn_mask.map(|mask| Stretched::new("attnMask", mask, &own)).transpose()?,
            padding: self.key_padding_mask.map(|mask| padding(mask, &own)).transpose()?,
            rules: if appended > 0 { take_rules(options, &own)? } else { None },
        };
        Ok((joined.widen(appended, lengths)?, bias.map(|bias| bias.widen(&own, appended)).transpose()?))
    }
}

/// All that removes a key which is not appended.
struct Joined {
    own: Sizes,
    given: Option<Stretched<u8>>,
    padding: Option<Vec<u8>>,
    rules: Option<Mask>,
}

impl Joined {
    /// One mask, over `appended` keys more that it leaves to every row. `lengths`: whether the rules differ from batch
    /// item to batch item.
    fn widen(self, appended: usize, lengths: bool) -> Result<Option<Shaped<u8, 4>>, Error> {
        let Joined { own, given, padding, rules } = self;
        if padding.is_none() && rules.is_none() && (appended == 0 || given.is_none()) {
            return Ok(given.map(|given| (given.data, given.shape)));
        }
        let [batch, heads, queries, _] = given.as_ref().map_or([1; 4], |given| given.shape);
        let batch = if padding.is_some() || lengths { own.batch } else { batch };
        let queries = if rules.is_some() { own.queries } else { queries };
        let mask = rows("attnMask", [batch, heads, queries, own.keys + appended], |[b, h, i], row| {
            let visible = rules.as_ref().map_or(0..own.keys, |rules| rules.visible(b, i));
            let real = |j| padding.as_ref().is_none_or(|real| real[b * own.keys + j] != 0);
            let allowed = |j| given.as_ref().is_none_or(|given| given.at([b, h, i, j]) != 0);
            row.extend((0..own.keys).map(|j| u8::from(visible.contains(&j) && real(j) && allowed(j))));
            row.extend((0..appended).map(|_| 1));
        });
        mask.map(Some)
    }
}

/// The rules of the options over the keys that are not appended, where there are such rules. They are taken out of the
/// options; where queries stand among the keys remains.
fn take_rules(options: &mut Options, own: &Sizes) -> Result<Option<Mask>, Error> {
    // The lengths of the queries stay: their rows see no appended key either.
    let mask = Mask::new(&Options { query_seq_lengths: None, ..options.clone() }, own, None, None)?;
    let windows = options.left_window_size >= 0 || options.right_window_size >= 0;
    let any = options.causal || windows || options.key_value_seq_lengths.is_some();
    (options.causal, options.left_window_size, options.right_window_size) = (false, -1, -1);
    options.key_value_seq_lengths = None;
    options.causal_offset = Some(mask.position(0));
    Ok(any.then_some(mask))
}

/// A tensor that is stretched: axes of length 1 count for every index.
struct Stretched<T> {
    data: Vec<T>,
    shape: [usize; 4],
}

impl<T: Copy> Stretched<T> {
    fn new(name: &str, (data, given): Shaped<T, 4>, sizes: &Sizes) -> Result<Stretched<T>, Error> {
        check_length(name, given, data.len())?;
        let full @ [batch, heads, queries, keys] = [sizes.batch, sizes.heads, sizes.queries, sizes.keys];
        let shape = match given {
            // torch's form, every head of every batch item along one axis.
            [1, planes, n, s] if planes == batch * heads => [batch, heads, n, s],
            other => other,
        };
        if shape.iter().zip(full).all(|(&n, full)| n == 1 || n == full) {
            return Ok(Stretched { data, shape });
        }
        let expected = format!("({queries}, {keys}), ({}, {queries}, {keys})", batch * heads);
        Err(misshapen(name, format!("{expected} or ({}), with 1 on any axis", join(&full)), &given))
    }

    fn at(&self, index: [usize; 4]) -> T {
        let along = |sum: usize, (&n, i): (&usize, usize)| sum * n + if n == 1 { 0 } else { i };
        self.data[self.shape.iter().zip(index).fold(0, along)]
    }
}

impl Stretched<f32> {
    /// The bias over `appended` keys more, to which it adds nothing.
    fn widen(self, own: &Sizes, appended: usize) -> Result<Shaped<f32, 4>, Error> {
        let [batch, heads, queries, _] = self.shape;
        if appended == 0 {
            return Ok((self.data, self.shape));
        }
        rows("attnBias", [batch, heads, queries, own.keys + appended], |[b, h, i], row| {
            row.extend((0..own.keys).map(|j| self.at([b, h, i, j])));
            row.extend((0..appended).map(|_| 0.0));
        })
    }
}

fn padding((data, shape): Shaped<u8, 2>, own: &Sizes) -> Result<Vec<u8>, Error> {
    if shape != [own.batch, own.keys] || data.len() != own.batch * own.keys {
        return Err(misshapen("keyPaddingMask", format!("(B, S) = ({}, {})", own.batch, own.keys), &shape));
    }
    Ok(data)
}

/// A tensor of this shape, of which `add` adds each row.
fn rows<T>(name: &str, shape: [usize; 4], add: impl Fn([usize; 3], &mut Vec<T>)) -> Result<Shaped<T, 4>, Error> {
    let count = shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
    let mut data = reserved(name, count.ok_or_else(|| Error::out_of_memory(&name, u64::MAX))?)?;
    let [batch, heads, queries, _] = shape;
    for (b, h) in (0..batch).flat_map(|b| (0..heads).map(move |h| (b, h))) {
        (0..queries).for_each(|i| add([b, h, i], &mut data));
    }
    Ok((data, shape))
}
