// What is said of numbers that are given away: of which head they are, and how that was computed.

import { forbidden, type Chosen, type Settings, type Value } from './settings.ts';
import type { Source } from './source.ts';

/** As JSON writes it. */
export type About = Readonly<Record<string, unknown>>;

/** A head, or all heads of a layer, and what is set there. */
export interface Described {
  source: Pick<Source, 'name' | 'layers'>;
  /** Its layer counts from 0 among the source's. */
  place: { layer: number; head?: number | undefined; batch?: number | undefined };
  settings: Settings;
}

/** What the normalizer does not let be set has no part in it, and is left out. */
export function aboutOf({ source, place, settings }: Described): About {
  const { layer, head, batch } = place;
  const { score, normalizer, position, options, masks } = settings;
  const shut = forbidden(settings);
  const counts = (name: string): boolean => !shut.has(name === 'bias' ? 'attnBias' : name);
  const computed = { score: chosen(score), normalizer: chosen(normalizer), position: chosen(position) };
  const set = Object.entries({ ...computed, ...written(options) }).filter(([name]) => counts(name));
  return {
    source: source.name.en,
    layer: source.layers[layer] ?? layer,
    head,
    batch,
    ...Object.fromEntries(set),
    masks: Object.entries(masks).flatMap(([name, mask]) => (mask !== undefined && counts(name) ? [name] : [])),
  };
}

const chosen = ({ id, values }: Chosen): About => ({ id, ...written(values) });

/** What is set; of a vector or a matrix, where it is from. */
function written(values: Readonly<Record<string, Value>>): About {
  const entries = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'object' && value ? value.kind : value]),
  );
}
