// What the benchmarks need and the project does not, installed when it is first needed.

import { npm } from '../xtask/setup.mjs';
import { step } from '../xtask/stamp.mjs';

export const packages = () =>
  step('bench packages', {
    inputs: ['benches/package-lock.json'],
    outputs: ['benches/node_modules/.package-lock.json'],
    make: () => npm(['ci', '--prefix', 'benches', '--ignore-scripts', '--no-audit', '--no-fund']),
  });
