// The types that are made from the kernel's lists: a compiler reads them, so a compiler judges them here.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { catalogModule } from '../../xtask/catalog.mjs';
import { CommandFailed, runNode } from '../../xtask/run.mjs';

const text = { en: 'An */ about', zh: '说明' };
const number = {
  kind: 'number',
  min: 0,
  max: null,
  aboveMin: true,
  integer: false,
  slider: [0, 1],
  logarithmic: false,
};
const member = (id, ...parameters) => ({ id, label: text, about: text, formula: '', source: '', parameters });
const parameter = (name, kind) => ({ name, label: text, about: text, ...kind });
const choice = {
  kind: 'choice',
  options: [
    ['keys', text],
    ['visible', text],
  ],
  default: 'keys',
};

const LISTS = {
  stages: [member('raw'), member('weights')],
  scores: [member('dot'), member('cosine', parameter('eps', { ...number, default: 1e-6 }))],
  normalizers: [
    member('softmax'),
    member('sigmoid', parameter('bias', { ...number, default: null }), parameter('n', choice)),
    member('softmax_sink', parameter('sinks', { kind: 'tensor', axes: ['Hq'], perHead: false, default: 'zeros' })),
  ].map((one) => ({ ...one, forbids: [], sumsToOne: true })),
  positions: [{ ...member('none'), biases: false, changesRows: false }],
  pools: [member('max')],
  colormaps: [{ ...member('viridis'), onDark: 'viridis' }],
  statistics: [member('mass')],
  headStatistics: [member('meanMass')],
  patterns: [member('induction')],
  measures: [member('rollout')],
  statuses: [member('ok')],
  formats: [member('npy')],
  options: [parameter('causal', { kind: 'flag', default: false })],
};

const folder = await mkdtemp(path.join(tmpdir(), 'catalog-test-'));
after(() => rm(folder, { recursive: true }));
await writeFile(path.join(folder, 'catalog.ts'), catalogModule(LISTS));

/** What the compiler says about a use of the module; empty when it is content. */
async function compile(use) {
  const file = path.join(folder, 'use.ts');
  const imports = "import { catalog, type Score, type ScoreOption, type NormalizerOption } from './catalog.ts';";
  await writeFile(
    file,
    `${imports}\n${use}\nexport { catalog };\nexport type { Score, ScoreOption, NormalizerOption };`,
  );
  const flags = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--exactOptionalPropertyTypes',
    '--allowImportingTsExtensions',
  ];
  const module = ['--module', 'esnext', '--moduleResolution', 'bundler', '--target', 'es2022'];
  try {
    return await runNode('typescript/bin/tsc', [...flags, ...module, file]);
  } catch (error) {
    if (error instanceof CommandFailed) return error.output;
    throw error;
  }
}

test('names and their parameters are accepted', async () => {
  const use = `
    export const scores: ScoreOption[] = ['dot', 'cosine', { id: 'dot' }, { id: 'cosine', eps: 1e-3 }, { id: 'cosine' }];
    export const normalizers: NormalizerOption[] = ['softmax', { id: 'sigmoid', bias: null, n: 'visible' },
      { id: 'softmax_sink', sinks: { data: new Float32Array(2), shape: [2] } }];
    export const first: Score | undefined = catalog.scores[0]?.id;
    export const labels: string[] = catalog.normalizers.flatMap((member) => member.parameters).map((p) => p.label.zh);`;
  assert.equal(await compile(use), '');
});

test('everything else is refused', async () => {
  const wrong = {
    'a name that is not there': "export const x: Score = 'dott';",
    'a parameter of another member': "export const x: ScoreOption = { id: 'dot', eps: 1 };",
    'null where the default is a number': "export const x: ScoreOption = { id: 'cosine', eps: null };",
    'a choice that is not there': "export const x: NormalizerOption = { id: 'sigmoid', n: 'rows' };",
  };
  for (const [what, use] of Object.entries(wrong)) assert.match(await compile(use), /error TS/, what);
});
