//! What the tile reads of one head: eight queries in lanes, keys and values in panels.
//!
//! 1. Each is packed when it is first asked for and stays until another takes its place. So the groups of a head pack its keys
//!    once, and so do heads that share them (grouped-query attention), one after the other; a worker packs what it works on and
//!    no more.
//! 2. Memory for one head is there from the start: packing cannot fail.
//! 3. Problems of few queries (`few.rs`) use keys and values as they lie: for them nothing is packed but the queries.
//! 4. Several groups of queries are there at once, and room for their logits: where the keys of a head are more than the second
//!    cache holds, a block of them serves all these groups before the next one is fetched.
//! 5. A group of fewer than eight queries is filled up with copies of its last one. They cost nothing that the empty lanes
//!    would not, and behave like a row: what is sought for eight rows at once is not held up by lanes of zeros.

use crate::error::Error;
use crate::mask::Group;
use crate::normalize::Sight;
use crate::panel::{BLOCK, Quad, pack_columns, pack_four_rows, spread};
use crate::simd::{Lanes, WIDTH};
use crate::tensor::{Sizes, filled};

/// How many groups of queries share a block of keys.
pub const AHEAD: usize = 4;

/// Room for what is packed of a problem.
pub struct Packed {
    /// The queries of some groups, each in the place of [`place`].
    pub queries: [Queries; AHEAD],
    /// The keys of one head.
    pub keys: Keys,
    /// The values of one head.
    pub values: Values,
    /// A row of Q or K on its way to being prepared.
    pub row: Vec<f32>,
    /// A prepared key, where keys are used as they lie.
    pub prepared: Vec<f32>,
    /// The sums of one block of values, where they are used as they lie.
    pub sums: Vec<Lanes>,
}

impl Packed {
    /// Room for prepared rows of `size` numbers; for keys and values as well where `is_packed` is set.
    ///
    /// # Errors
    /// `Fault::OutOfMemory`.
    pub fn new(sizes: &Sizes, size: usize, is_packed: bool) -> Result<Packed, Error> {
        let keys = if sizes.planes() == 0 || !is_packed { 0 } else { sizes.keys };
        let panels = |name, count: usize, length: usize| {
            let bytes = count as u64 * length as u64 * size_of::<Quad>() as u64;
            let length = count.checked_mul(length).ok_or_else(|| Error::out_of_memory(&String::from(name), bytes))?;
            filled(name, length, [0.0; 4])
        };
        Ok(Packed {
            queries: [Queries::new(size)?, Queries::new(size)?, Queries::new(size)?, Queries::new(size)?],
            keys: Keys {
                prepared: filled("key", size.saturating_mul(4), 0.0)?,
                panels: panels("key", keys.div_ceil(4), size)?,
                plane: None,
            },
            values: Values {
                panels: panels("value", sizes.value_size.div_ceil(4), keys)?,
                unsafe_to_multiply: filled("value", keys.div_ceil(BLOCK), false)?,
                plane: None,
            },
            prepared: filled("key", size, 0.0)?,
            sums: filled("output", if is_packed { 0 } else { sizes.value_size }, [0.0; WIDTH])?,
            row: filled("query", sizes.head_size.max(sizes.key_size), 0.0)?,
        })
    }
}

/// Eight prepared queries, a lane for each.
pub struct Queries {
    /// The same row by row.
    rows: Vec<f32>,
    lanes: Vec<Lanes>,
    group: Option<Group>,
}

/// Where the queries and logits of a group are kept.
pub fn place(group: Group) -> usize {
    group.first / WIDTH % AHEAD
}

/// Room for the logits of some groups, each in the place of [`place`].
pub struct Strips {
    all: [Vec<Lanes>; AHEAD],
    ahead: [Option<Ahead>; AHEAD],
}

/// Logits that were computed along with those of an earlier group.
#[derive(Clone, Copy)]
pub struct Ahead {
    /// Whose they are.
    pub group: Group,
    /// The first key, and how many there are.
    pub keys: (usize, usize),
    /// What was seen of them.
    pub sight: Sight,
}

impl Strips {
    /// Room for the logits of `keys` keys in as many groups as there are.
    ///
    /// # Errors
    /// `Fault::OutOfMemory`.
    pub fn new(keys: usize, groups: usize) -> Result<Strips, Error> {
        let strip = |at| filled("logits", if at < groups { keys } else { 0 }, [0.0; WIDTH]);
        Ok(Strips { all: [strip(0)?, strip(1)?, strip(2)?, strip(3)?], ahead: [None; AHEAD] })
    }

    /// The room of a group, for logits that are about to be written.
    pub fn room(&mut self, group: Group) -> &mut [Lanes] {
        self.ahead[place(group)] = None;
        &mut self.all[place(group)]
    }

    /// Whether the logits of a group are there.
    pub fn has(&self, group: Group) -> bool {
        self.ahead[place(group)].is_some_and(|ahead| ahead.group == group)
    }

    /// Notes that the logits of a group are there.
    pub fn keep(&mut self, ahead: Ahead) {
        self.ahead[place(ahead.group)] = Some(ahead);
    }

    /// The logits of a group that are there, to be used up.
    pub fn take(&mut self, group: Group) -> Option<(Ahead, &mut [Lanes])> {
        let ahead = self.ahead[place(group)].take_if(|ahead| ahead.group == group)?;
        Some((ahead, &mut self.all[place(group)][..ahead.keys.1]))
    }
}

impl Queries {
    fn new(size: usize) -> Result<Queries, Error> {
        Ok(Queries {
            rows: filled("query", size.saturating_mul(WIDTH), 0.0)?,
            lanes: filled("query", size, [0.0; WIDTH])?,
            group: None,
        })
    }

    /// The queries of `group` in lanes, and row by row; `prepare` writes the prepared row of a query.
    pub fn load(&mut self, group: Group, mut prepare: impl FnMut(usize, &mut [f32])) -> (&[Lanes], &[f32]) {
        if self.group != Some(group) {
            let size = self.lanes.len();
            for (lane, row) in self.rows.chunks_exact_mut(size.max(1)).enumerate().take(group.count) {
                prepare(group.first + lane, row);
            }
            for lane in 0..WIDTH {
                spread(&self.rows[lane.min(group.count - 1) * size..][..size], lane, &mut self.lanes);
            }
            self.group = Some(group);
        }
        (&self.lanes, &self.rows)
    }
}

/// The prepared keys of one head, in panels of four.
pub struct Keys {
    prepared: Vec<f32>,
    panels: Vec<Quad>,
    plane: Option<usize>,
}

impl Keys {
    /// The `count` keys of `plane`; `prepare` writes the prepared row of a key.
    pub fn load(&mut self, plane: usize, count: usize, mut prepare: impl FnMut(usize, &mut [f32])) -> &[Quad] {
        if self.plane != Some(plane) {
            let size = self.prepared.len() / 4;
            for (panel, first) in self.panels.chunks_exact_mut(size.max(1)).zip((0..count).step_by(4)) {
                for (row, prepared) in self.prepared.chunks_exact_mut(size.max(1)).enumerate() {
                    match first + row < count {
                        true => prepare(first + row, prepared),
                        false => prepared.fill(0.0),
                    }
                }
                pack_four_rows(&self.prepared, panel);
            }
            self.plane = Some(plane);
        }
        &self.panels
    }
}

/// The values of one head, in panels of four dimensions.
pub struct Values {
    panels: Vec<Quad>,
    /// For each block of keys, whether V holds a NaN or an infinity there.
    unsafe_to_multiply: Vec<bool>,
    plane: Option<usize>,
}

impl Values {
    /// The values of `plane`, which are `matrix` (M, dv): the panels, each of M quads, and which blocks hold a NaN or an infinity.
    pub fn load(&mut self, plane: usize, matrix: &[f32], keys: usize) -> (&[Quad], &[bool]) {
        if self.plane != Some(plane) {
            let size = matrix.len() / keys.max(1);
            pack_columns(matrix, keys, size, &mut self.panels);
            let blocks = matrix.chunks(BLOCK.saturating_mul(size).max(1));
            for (found, block) in self.unsafe_to_multiply.iter_mut().zip(blocks) {
                *found = block.iter().any(|x| !x.is_finite());
            }
            self.plane = Some(plane);
        }
        (&self.panels, &self.unsafe_to_multiply)
    }
}
