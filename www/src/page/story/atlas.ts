// All layers of what is open, for the sections that look at them together; and the head that the page shows.

import type { ProblemOptions } from '../../engine/index.ts';
import { aboutOf, type About } from '../about.ts';
import { settingsFrom, type Chosen, type Settings } from '../settings.ts';
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
  /** What to say of a head whose numbers are given away, or of a layer: as it is computed, or under another normalizer. */
  about(of: { layer: number; head?: number; normalizer?: Chosen | undefined }): About;
}

/** How the layers of a source are computed. */
export interface Computed {
  optionsOf(layer: number, sizes: Sizes): ProblemOptions;
  settingsOf(layer: number): Settings;
}

const asItSays = (source: Source): Computed => ({
  optionsOf: (layer) => ownOf(source, layer).options,
  settingsOf: (layer) => settingsFrom(ownOf(source, layer).options),
});

/** The layers of `source`, computed as its file says where nothing else is. */
export function atlasOf(source: Source, batch = 0, computed: Computed = asItSays(source)): Atlas {
  const { layers, queryTokens, keyTokens } = source;
  return {
    layers,
    batch,
    queryTokens,
    keyTokens,
    async layer(index, signal) {
      const read = await source.layer(index, signal);
      return { ...read, options: withSinks(computed.optionsOf(index, sizesOf(read.query, read.key)), read) };
    },
    about({ layer, head, normalizer }) {
      const settings = computed.settingsOf(layer);
      const place = { layer, head, batch };
      return aboutOf({ source, place, settings: normalizer ? { ...settings, normalizer } : settings });
    },
  };
}

/** The tokens, where `count` queries and keys have the same. */
export function sameTokens({ queryTokens, keyTokens }: Atlas, count: number): readonly string[] | undefined {
  const same = queryTokens?.length === count && keyTokens?.length === count;
  return same && queryTokens.every((token, at) => token === keyTokens[at]) ? queryTokens : undefined;
}
