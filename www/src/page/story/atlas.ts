// All layers of what is open, for the sections that look at them together; and the head that the page shows.

import type { ProblemOptions } from '../../engine/index.ts';
import { ownOf, withSinks, type Layer, type Source } from '../source.ts';
import { sizesOf, type Sizes } from '../tensors.ts';

/** Q and K of one layer, and how its weights come about. */
export interface AtlasLayer extends Layer {
  options: ProblemOptions;
}

/** Layers that can be had one by one. Another capture, batch item or other options are another atlas. */
export interface Atlas {
  /** The numbers of the layers in their model. */
  readonly layers: readonly number[];
  /** Which batch item is looked at. */
  readonly batch: number;
  readonly queryTokens?: readonly string[] | undefined;
  readonly keyTokens?: readonly string[] | undefined;
  layer(index: number, signal: AbortSignal): Promise<AtlasLayer>;
}

/** The layers of `source`; without `optionsOf`, computed as its file says. */
export function atlasOf(
  source: Source,
  batch = 0,
  optionsOf: (index: number, sizes: Sizes) => ProblemOptions = (index) => ownOf(source, index).options,
): Atlas {
  const { layers, queryTokens, keyTokens } = source;
  return {
    layers,
    batch,
    queryTokens,
    keyTokens,
    async layer(index, signal) {
      const read = await source.layer(index, signal);
      return { ...read, options: withSinks(optionsOf(index, sizesOf(read.query, read.key)), read) };
    },
  };
}

/** The tokens, where `count` queries and keys have the same. */
export function sameTokens({ queryTokens, keyTokens }: Atlas, count: number): readonly string[] | undefined {
  const same = queryTokens?.length === count && keyTokens?.length === count;
  return same && queryTokens.every((token, at) => token === keyTokens[at]) ? queryTokens : undefined;
}
