// What is set, over what a file says of one of its layers. A normalizer that is the layer's own gives way to that of the next layer;
// one that was chosen stays, as all else that is set.

import type { ProblemOptions } from './engine.ts';
import { isSameChoice, settingsFrom, toOptions, type Settings } from './settings.ts';
import { ownOf, type Source } from './source.ts';
import type { Sizes } from './tensors.ts';

/** Never changed once made. */
export interface Layered {
  /** What the file says of the layer. */
  readonly own: Settings;
  readonly settings: Settings;
  /** Whether another normalizer than the layer's own was chosen. */
  readonly normalizerChosen: boolean;
}

/** A layer as it comes. */
export const asItComes = (own: Settings): Layered => ({ own, settings: own, normalizerChosen: false });

/** With other settings. */
export function withSettings(before: Layered, settings: Settings): Layered {
  const { normalizer } = settings;
  const normalizerChosen =
    normalizer === before.settings.normalizer
      ? before.normalizerChosen
      : !isSameChoice(normalizer, before.own.normalizer);
  return { ...before, settings, normalizerChosen };
}

/** In another layer, of which the file says `own`. */
export function inLayer(before: Layered, own: Settings): Layered {
  const stays = before.normalizerChosen || isSameChoice(own.normalizer, before.own.normalizer);
  return { ...before, own, settings: stays ? before.settings : { ...before.settings, normalizer: own.normalizer } };
}

/** What is set in any layer, as it is in one of them. */
export function settingsIn(layered: Layered, source: Source, layer: number): Settings {
  return inLayer(layered, settingsFrom(ownOf(source, layer).options)).settings;
}

/** What that layer is computed with. */
export function optionsIn(layered: Layered, source: Source, layer: number, sizes: Sizes): ProblemOptions {
  return toOptions(settingsIn(layered, source, layer), source.options, sizes);
}
