// What the numbers of the plane come to, in words: who ranks first by what, and whether asking is as being asked.

import type { PlaneScene } from '../../views/index.ts';
import { formatScore, looksEqual, ranking } from '../../views/parts/ranking.ts';
import { phrase, type Language } from '../../views/parts/text.ts';
import { nameOf } from '../../views/parts/vectors.ts';

const text = {
  byDot: { en: 'By dot product:', zh: '按点积：' },
  byBoth: { en: 'By dot product, scaled or not:', zh: '按点积（缩放与否）：' },
  byCosine: { en: 'By cosine:', zh: '按余弦相似度：' },
  symmetric: { en: 'Symmetric: every score equals its mirror.', zh: '对称：每个分数都等于其镜像。' },
  asymmetric: { en: 'Not symmetric: some scores differ from their mirrors.', zh: '不对称：有的分数与其镜像不同。' },
  asks: { en: '{query} asks {key}:', zh: '{query} 问 {key}：' },
};

/** A line of the verdict: what it is about, and what is so. */
export type VerdictLine = readonly [about: string, what: string];

/** The verdict on a scene; its lines have nothing to say before the numbers are known. */
export function verdictOf(scene: PlaneScene, language: Language): VerdictLine[] {
  return scene.query ? rankings(scene, language) : mirrors(scene, language);
}

function rankings({ numbers, columns }: PlaneScene, language: Language): VerdictLine[] {
  const order = (values: Float32Array | undefined): string =>
    ranking(values ?? [])
      .map((group) => group.map((key) => nameOf('k', key)).join(' = '))
      .join(' > ');
  return [
    [(columns.includes('scaled') ? text.byBoth : text.byDot)[language], order(numbers?.dot)],
    [text.byCosine[language], order(numbers?.cosine)],
  ];
}

function mirrors({ numbers, keys, pair, chosen }: PlaneScene, language: Language): VerdictLine[] {
  const score = (query: number, key: number): number => numbers?.[chosen][query * keys.length + key] ?? NaN;
  const ask = (query: number, key: number): VerdictLine => [
    phrase(text.asks, language, { query: nameOf('x', query), key: nameOf('x', key) }),
    numbers ? formatScore(score(query, key)) : '',
  ];
  const same = keys.flatMap((_, query) => keys.map((_, key) => looksEqual(score(query, key), score(key, query))));
  const verdict = (same.every(Boolean) ? text.symmetric : text.asymmetric)[language];
  return [['', numbers ? verdict : ''], ask(pair.query, pair.key), ask(pair.key, pair.query)];
}
