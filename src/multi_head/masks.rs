//! The masks of the layer, made into those of `attend.rs`: joined with the padding, and widened by the appended keys,
//! which every row may see.

use super::{Shaped, misshapen, own};
use crate::error::Error;
use crate::mask::Mask;
use crate::options::Options;
use crate::tensor::{Sizes, check_length, reserved};

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
        let allowed = self.attn_mask.map(|mask| Stretched::new("attnMask", mask, &own)).transpose()?;
        let bias = self.attn_bias.map(|bias| Stretched::new("attnBias", bias, &own)).transpose()?;
        let padding = self.key_padding_mask.map(|mask| padding(mask, &own)).transpose()?;
        let each_batch = padding.is_some() || options.key_value_seq_lengths.is_some();
        let rules = if appended > 0 { take_rules(options, &own)? } else { None };
        let seen = |b: usize, i: usize, j: usize| {
            padding.as_ref().is_none_or(|real| real[b * own.keys + j] != 0)
                && rules.as_ref().is_none_or(|rules| rules.visible(b, i).contains(&j))
        };
        let joined = match &allowed {
            _ if padding.is_none() && rules.is_none() && (appended == 0 || allowed.is_none()) => {
                allowed.map(|allowed| (allowed.data, allowed.shape))
            }
            _ => {
                let given = allowed.as_ref().map_or([1; 4], |allowed| allowed.shape);
                let batch = if each_batch { own.batch } else { given[0] };
                let queries = if rules.is_some() { own.queries } else { given[2] };
                let shape = [batch, given[1], queries, sizes.keys];
                Some(each("attnMask", shape, |[b, h, i, j]| {
                    let allowed = |at| allowed.as_ref().is_none_or(|allowed| allowed.at(at) != 0);
                    u8::from(j >= own.keys || (allowed([b, h, i, j]) && seen(b, i, j)))
                })?)
            }
        };
        let bias = match bias {
            Some(bias) if appended > 0 => {
                let shape = [bias.shape[0], bias.shape[1], bias.shape[2], sizes.keys];
                Some(each("attnBias", shape, |at| if at[3] >= own.keys { 0.0 } else { bias.at(at) })?)
            }
            bias => bias.map(|bias| (bias.data, bias.shape)),
        };
        Ok((joined, bias))
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
        Err(misshapen(name, format!("{expected} or ({}), with 1 on any axis", super::list(&full)), &given))
    }

    fn at(&self, index: [usize; 4]) -> T {
        let along = |sum: usize, (&n, i): (&usize, usize)| sum * n + if n == 1 { 0 } else { i };
        self.data[self.shape.iter().zip(index).fold(0, along)]
    }
}

fn padding((data, shape): Shaped<u8, 2>, own: &Sizes) -> Result<Vec<u8>, Error> {
    if shape != [own.batch, own.keys] || data.len() != own.batch * own.keys {
        return Err(misshapen("keyPaddingMask", format!("(B, S) = ({}, {})", own.batch, own.keys), &shape));
    }
    Ok(data)
}

/// A tensor of this shape, element by element.
fn each<T>(name: &str, shape: [usize; 4], value: impl Fn([usize; 4]) -> T) -> Result<Shaped<T, 4>, Error> {
    let count = shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
    let mut data = reserved(name, count.ok_or(Error::OutOfMemory { name: name.into(), bytes: u64::MAX })?)?;
    let [batch, heads, queries, keys] = shape;
    for (b, h) in (0..batch).flat_map(|b| (0..heads).map(move |h| (b, h))) {
        for i in 0..queries {
            data.extend((0..keys).map(|j| value([b, h, i, j])));
        }
    }
    Ok((data, shape))
}
