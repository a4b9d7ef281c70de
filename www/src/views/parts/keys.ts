// What the keyboard does on the plot: move by cells, lock, zoom, and move what is in sight.

import type { Pair } from './profiles.ts';
import type { Levels, Point } from './viewport.ts';
import type { Zoom } from './zoombar.ts';

/** Shift with an arrow key moves by this share of what is in sight, Page Up and Page Down by an eighth. */
const SHARE = { pan: 0.25, page: 1 / 8 };

const ZOOMS: Record<string, Zoom> = {
  '+': 'in',
  '=': 'in',
  '-': 'out',
  _: 'out',
  '0': 'whole',
  '1': 'pixel',
};

/** The zoom that a key asks for. */
export function zoomOf({ key, altKey, ctrlKey, metaKey }: KeyboardEvent): Zoom | undefined {
  return altKey || ctrlKey || metaKey ? undefined : ZOOMS[key];
}

/** What a key means. */
export type KeyAction =
  | { does: 'zoom'; zoom: Zoom }
  | { does: 'lock' }
  | { does: 'unlock' }
  /** By shares of what is in sight. */
  | { does: 'pan'; by: Point }
  | { does: 'go'; to: Pair };

/** Where the keyboard is. */
export interface Standing {
  at: Pair;
  levels: Levels;
  queries: number;
  keys: number;
  /** Queries in sight. */
  height: number;
}

/** What a key does here; undefined: nothing. */
export function actionOf(event: KeyboardEvent, standing: Standing): KeyAction | undefined {
  const { key, altKey, metaKey, ctrlKey, shiftKey } = event;
  if (altKey || metaKey) return undefined;
  const zoom = zoomOf(event);
  if (zoom) return { does: 'zoom', zoom };
  if (key === 'Enter' || key === ' ') return { does: 'lock' };
  if (key === 'Escape') return { does: 'unlock' };
  const by = shiftKey ? panOf(key) : undefined;
  if (by) return { does: 'pan', by };
  const to = targetOf(key, ctrlKey, standing);
  return to && { does: 'go', to };
}

function panOf(key: string): Point | undefined {
  switch (key) {
    case 'ArrowUp':
      return { x: 0, y: -SHARE.pan };
    case 'ArrowDown':
      return { x: 0, y: SHARE.pan };
    case 'ArrowLeft':
      return { x: -SHARE.pan, y: 0 };
    case 'ArrowRight':
      return { x: SHARE.pan, y: 0 };
    default:
      return undefined;
  }
}

/** The pair that a key leads to, which may lie outside. */
function targetOf(pressed: string, far: boolean, standing: Standing): Pair | undefined {
  const { at, levels, queries, keys, height } = standing;
  const { query, key } = at;
  const [down, across] = [2 ** levels.rows, 2 ** levels.keys];
  const page = down * Math.max(1, Math.round((height / down) * SHARE.page));
  switch (pressed) {
    case 'ArrowUp':
      return { query: query - down, key };
    case 'ArrowDown':
      return { query: query + down, key };
    case 'ArrowLeft':
      return { query, key: key - across };
    case 'ArrowRight':
      return { query, key: key + across };
    case 'Home':
      return { query: far ? 0 : query, key: 0 };
    case 'End':
      return { query: far ? queries - 1 : query, key: keys - 1 };
    case 'PageUp':
      return { query: query - page, key };
    case 'PageDown':
      return { query: query + page, key };
    default:
      return undefined;
  }
}
