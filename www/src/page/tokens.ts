// The names of queries and keys, as far as there is one for each.

import type { Source } from './source.ts';

/** How many names there are for how many queries or keys. */
interface Misfit {
  what: 'queries' | 'keys';
  tokens: number;
  size: number;
}

/** The tokens of `source` for a problem of such a size, and what there is too much or too little of. */
export function tokensFor(
  { queryTokens, keyTokens }: Source,
  sizes: { queries: number; keys: number },
): { queries?: readonly string[] | undefined; keys?: readonly string[] | undefined; misfit?: Misfit | undefined } {
  const all = { queries: queryTokens, keys: keyTokens };
  const misfits = (['queries', 'keys'] as const).flatMap((what) => {
    const [tokens = sizes[what], size] = [all[what]?.length, sizes[what]];
    return tokens === size ? [] : [{ what, tokens, size }];
  });
  for (const { what } of misfits) all[what] = undefined;
  return { ...all, misfit: misfits[0] };
}

/** The tokens, where queries and keys have the same. */
export function sameTokens({ queryTokens, keyTokens }: Source): readonly string[] | undefined {
  const same =
    queryTokens?.length === keyTokens?.length && queryTokens?.every((token, at) => token === keyTokens?.[at]);
  return same ? queryTokens : undefined;
}
