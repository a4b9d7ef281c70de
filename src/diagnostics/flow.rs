//! Attention flow: the layers as a network of pipes, and the most that can run from each token at the top to each input token.
//!
//! Nodes are (l, i) for l = 0 … L; an edge from (l, i) to (l − 1, j) has the capacity Ā_l[i, j], with Ā_l as in
//! [`rollout`](super::rollout). F_ij is the maximum flow from (L, i) to (0, j), each pair on its own; it is no product of
//! matrices. The paper's code then makes each row sum to 1 ([`normalize`]).
//!
//! Source: Abnar and Zuidema 2020, arXiv 2005.00928. The maximum is found by Dinic's algorithm (1970): a breadth-first search
//! from the drain gives each node its distance, a depth-first search fills the shortest ways until none is left, and every
//! such phase makes the shortest way longer. It needs no tolerance: each filled way leaves one edge with a capacity of exactly
//! 0, so it ends in floating point as it does in whole numbers.
//!
//! One pair costs at least a walk over all N² L edges, and there are N² pairs. Hence the limits [`MAX_NODES`] on N · L and
//! [`MAX_TOKENS`] on N, [`Flow::pair`] as the step of whoever must be heard in between, some 2 ms at the limits, and
//! [`Flow::row`] for the one token that somebody asks about, 0.2 s; all tokens take half a minute.

use crate::diagnostics::rollout::{add_residual, average, check_limit, check_square, check_weights};
use crate::error::Error;
use crate::tensor::{filled, reserved};

/// The most tokens times layers: 64 tokens through 12 layers.
pub const MAX_NODES: usize = 768;

/// The most tokens, however few the layers.
pub const MAX_TOKENS: usize = 128;

/// An edge and, beside it at the index with the last bit flipped, its reverse.
#[derive(Clone, Copy, Debug, Default)]
struct Edge {
    to: u32,
    /// What can still run through it.
    left: f64,
}

/// The network of some layers.
#[derive(Clone, Debug)]
pub struct Flow {
    tokens: usize,
    layers: usize,
    /// The edges as they are before anything runs.
    edges: Vec<Edge>,
    /// The edges of all nodes in turn, as indices into `edges`; those of node v from `starts[v]` to `starts[v + 1]`.
    incident: Vec<u32>,
    starts: Vec<u32>,
    room: Room,
}

/// What one search needs.
#[derive(Clone, Debug)]
struct Room {
    edges: Vec<Edge>,
    /// The distance of each node to the drain, [`FAR`] where no way is left.
    distance: Vec<u32>,
    queue: Vec<u32>,
    /// Where each node goes on looking.
    next: Vec<u32>,
    /// The edges from the source to where the search stands.
    path: Vec<u32>,
}

const FAR: u32 = u32::MAX;

impl Flow {
    /// The network of `layers`, first layer first, each (H, N, N), whose heads are averaged.
    ///
    /// # Errors
    /// `Fault::Limit` above [`MAX_NODES`] or [`MAX_TOKENS`]; `Fault::Shape` where a layer is not (H, N, N): flow is of
    /// self-attention over the same tokens in each layer; `Fault::Number` for a weight that is not finite or below 0;
    /// `Fault::OutOfMemory`.
    pub fn new(layers: &[&[f32]], tokens: usize, residual: bool) -> Result<Flow, Error> {
        check_limit("the number of tokens of an attention flow", MAX_TOKENS, tokens)?;
        check_limit("tokens times layers of an attention flow", MAX_NODES, tokens.saturating_mul(layers.len()))?;
        let edges = edges(layers, tokens, residual)?;
        let nodes = tokens * (layers.len() + 1);
        let (incident, starts) = incidence(&edges, nodes)?;
        let room = Room {
            edges: filled("flow", edges.len(), Edge::default())?,
            distance: filled("flow", nodes, FAR)?,
            queue: reserved("flow", nodes)?,
            next: filled("flow", nodes, 0)?,
            path: reserved("flow", nodes)?,
        };
        Ok(Flow { tokens, layers: layers.len(), edges, incident, starts, room })
    }

    /// F_ij for token `row` at the top and every input token j: N numbers, each at most the largest row sum of Ā_L.
    ///
    /// # Errors
    /// `Fault::Parameter` where there is no such token, `Fault::OutOfMemory`.
    pub fn row(&mut self, row: usize) -> Result<Vec<f64>, Error> {
        self.check("row", row)?;
        let mut flows = filled("flow", self.tokens, 0.0)?;
        for (key, flow) in flows.iter_mut().enumerate() {
            *flow = self.pair(row, key)?;
        }
        Ok(flows)
    }

    /// F_ij for token `row` at the top and input token `key`.
    ///
    /// # Errors
    /// `Fault::Parameter` where there is no such token.
    pub fn pair(&mut self, row: usize, key: usize) -> Result<f64, Error> {
        self.check("row", row)?;
        self.check("key", key)?;
        Ok(self.between((self.layers * self.tokens + row) as u32, key as u32))
    }

    fn check(&self, name: &str, token: usize) -> Result<(), Error> {
        if token < self.tokens {
            return Ok(());
        }
        Err(Error::parameter(&name, &format_args!("below the {} tokens", self.tokens), &token))
    }

    /// F (N, N).
    ///
    /// # Errors
    /// `Fault::OutOfMemory`.
    pub fn matrix(&mut self) -> Result<Vec<f64>, Error> {
        let mut flows = reserved("flow", self.tokens * self.tokens)?;
        for row in 0..self.tokens {
            flows.extend(self.row(row)?);
        }
        Ok(flows)
    }

    /// The maximum flow between two nodes. Without layers they are one node, or none is to be reached.
    fn between(&mut self, source: u32, drain: u32) -> f64 {
        if source == drain {
            return 1.0;
        }
        self.room.edges.copy_from_slice(&self.edges);
        let mut flow = 0.0;
        while self.measure(source, drain) {
            for (next, start) in self.room.next.iter_mut().zip(&self.starts) {
                *next = *start;
            }
            while self.find(source, drain) {
                flow += self.fill();
            }
        }
        flow
    }

    /// Works out how far each node is from the drain, along edges that are not full. Whether there is a way from the source.
    fn measure(&mut self, source: u32, drain: u32) -> bool {
        let Room { edges, distance, queue, .. } = &mut self.room;
        distance.fill(FAR);
        distance[drain as usize] = 0;
        queue.clear();
        queue.push(drain);
        let mut at = 0;
        while at < queue.len() && distance[source as usize] == FAR {
            let node = queue[at] as usize;
            for &edge in &self.incident[self.starts[node] as usize..self.starts[node + 1] as usize] {
                let from = edges[edge as usize].to;
                // The reverse of an edge that leaves this node enters it.
                if edges[edge as usize ^ 1].left > 0.0 && distance[from as usize] == FAR {
                    distance[from as usize] = distance[node] + 1;
                    queue.push(from);
                }
            }
            at += 1;
        }
        distance[source as usize] != FAR
    }

    /// Looks for a way along which the distance falls by one with every step; leaves its edges in `path`.
    fn find(&mut self, source: u32, drain: u32) -> bool {
        let Room { edges, distance, next, path, .. } = &mut self.room;
        path.clear();
        let mut node = source as usize;
        while node != drain as usize {
            let open = |edge: &u32| {
                let edge = edges[*edge as usize];
                edge.left > 0.0 && distance[edge.to as usize] != FAR && distance[edge.to as usize] + 1 == distance[node]
            };
            let rest = &self.incident[next[node] as usize..self.starts[node + 1] as usize];
            let skipped = rest.iter().position(open).unwrap_or(rest.len());
            next[node] += skipped as u32;
            if let Some(&edge) = rest.get(skipped) {
                path.push(edge);
                node = edges[edge as usize].to as usize;
            } else if let Some(edge) = path.pop() {
                // A dead end: one step back, and past the edge that led here.
                node = edges[edge as usize ^ 1].to as usize;
                next[node] += 1;
            } else {
                return false;
            }
        }
        true
    }

    /// Lets as much run along the way as its narrowest edge takes.
    fn fill(&mut self) -> f64 {
        let Room { edges, path, .. } = &mut self.room;
        let narrowest = path.iter().map(|&edge| edges[edge as usize].left).fold(f64::INFINITY, f64::min);
        for &edge in path.iter() {
            edges[edge as usize].left -= narrowest;
            edges[edge as usize ^ 1].left += narrowest;
        }
        narrowest
    }
}

/// The edges with a capacity above 0, each followed by its reverse.
fn edges(layers: &[&[f32]], tokens: usize, residual: bool) -> Result<Vec<Edge>, Error> {
    let mut edges = reserved("flow", 2 * tokens * tokens * layers.len())?;
    let mut capacities = filled("flow", tokens, 0.0)?;
    for (layer, weights) in layers.iter().enumerate() {
        check_square(tokens, weights)?;
        check_weights(weights, || format!("layer {layer}"))?;
        for row in 0..tokens {
            average(tokens, row, weights, &mut capacities);
            if residual {
                add_residual(row, &mut capacities);
            }
            let from = ((layer + 1) * tokens + row) as u32;
            for (key, &left) in capacities.iter().enumerate().filter(|(_, capacity)| **capacity > 0.0) {
                edges.push(Edge { to: (layer * tokens + key) as u32, left });
                edges.push(Edge { to: from, left: 0.0 });
            }
        }
    }
    Ok(edges)
}

/// The edges that leave each node, reverses included: indices sorted by node, and where each node's begin.
fn incidence(edges: &[Edge], nodes: usize) -> Result<(Vec<u32>, Vec<u32>), Error> {
    let from = |edge: usize| edges[edge ^ 1].to as usize;
    let mut starts = filled("flow", nodes + 1, 0u32)?;
    (0..edges.len()).for_each(|edge| starts[from(edge) + 1] += 1);
    (0..nodes).for_each(|node| starts[node + 1] += starts[node]);
    let mut incident = filled("flow", edges.len(), 0u32)?;
    let mut places = reserved("flow", nodes)?;
    places.extend_from_slice(&starts[..nodes]);
    for edge in 0..edges.len() {
        let place = &mut places[from(edge)];
        incident[*place as usize] = edge as u32;
        *place += 1;
    }
    Ok((incident, starts))
}

/// Makes each row of N numbers sum to 1; a row of zeros stays.
pub fn normalize(flows: &mut [f64], tokens: usize) {
    for row in flows.chunks_exact_mut(tokens.max(1)) {
        let sum: f64 = row.iter().sum();
        if sum > 0.0 {
            row.iter_mut().for_each(|flow| *flow /= sum);
        }
    }
}

/// F (N, N) by the theorem of Ford and Fulkerson (1956): the maximum flow is the least capacity of a cut, here over all cuts.
/// `layers` (N, N) are averaged over heads. For a handful of nodes: their number N (L + 1) is in the exponent.
pub fn definition(layers: &[Vec<f64>], tokens: usize, residual: bool) -> Vec<f64> {
    let (n, nodes) = (tokens, tokens * (layers.len() + 1));
    let mut edges = Vec::new();
    for (l, a) in layers.iter().enumerate() {
        for i in 0..n {
            let plus = |j: usize| a[i * n + j] + f64::from(u8::from(residual && i == j));
            let sum = if residual { (0..n).map(plus).sum::<f64>() } else { 1.0 };
            edges.extend((0..n).map(|j| ((l + 1) * n + i, l * n + j, plus(j) / sum)));
        }
    }
    let within = |side: usize, node: usize| side >> node & 1 == 1;
    let capacity = |side: usize| {
        let cut = edges.iter().filter(|(from, to, _)| within(side, *from) && !within(side, *to));
        cut.map(|(_, _, capacity)| capacity).sum::<f64>()
    };
    let mut least = vec![f64::INFINITY; n * n];
    for side in 0..1usize << nodes {
        let value = capacity(side);
        for (at, least) in least.iter_mut().enumerate() {
            if within(side, nodes - n + at / n) && !within(side, at % n) {
                *least = least.min(value);
            }
        }
    }
    least
}
