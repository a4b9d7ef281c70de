/** What a caller knows of heads beside their weights, checked. */
import type { HeadStatisticsOptions, ImageGrid } from './api.ts';
import { QkscopeError, show } from './error.ts';
import { checkNames, flag, given, wholeNumber } from './options.ts';
import type { RawKnown } from './raw.ts';

export function knownOf({ tokens, excludeBos, excludeCurrentToken, grid }: HeadStatisticsOptions): RawKnown {
  return {
    excludeBos: flag('excludeBos', excludeBos, false),
    excludeCurrentToken: flag('excludeCurrentToken', excludeCurrentToken, false),
    ...(given(tokens) && { tokens: numbered(tokens) }),
    ...(given(grid) && { grid: gridOf(grid) }),
  };
}

/** Equal tokens have equal numbers, in the order in which they first appear. */
function numbered(tokens: readonly (string | number)[]): number[] {
  if (!Array.isArray(tokens)) throw new QkscopeError('parameter', 'tokens', 'an array', show(tokens));
  const numbers = new Map<string | number, number>();
  return tokens.map((token) => {
    if (!numbers.has(token)) numbers.set(token, numbers.size);
    return numbers.get(token)!;
  });
}

function gridOf(grid: ImageGrid): NonNullable<RawKnown['grid']> {
  checkNames('grid', grid, ['height', 'width', 'patchSize', 'tokensBefore']);
  const { height, width, patchSize = 1, tokensBefore = 0 } = grid;
  if (!(Number.isFinite(patchSize) && patchSize > 0)) {
    throw new QkscopeError('parameter', 'grid.patchSize', 'a finite number above 0', show(patchSize));
  }
  return {
    height: wholeNumber('grid.height', height, 1),
    width: wholeNumber('grid.width', width, 1),
    patchSize,
    tokensBefore: wholeNumber('grid.tokensBefore', tokensBefore, 0),
  };
}
