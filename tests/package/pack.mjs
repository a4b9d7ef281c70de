// The package as it would be published: `npm pack` of what the build left in pkg/, once for each build.

import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';

import { at } from '../../xtask/run.mjs';
import { npm } from '../../xtask/setup.mjs';
import { step } from '../../xtask/stamp.mjs';

const FOLDER = 'target/consumers';

/** The tarball, from the repository's root. */
export const TARBALL = `${FOLDER}/qkscope.tgz`;

/** Packs what was built, if it has not been. */
export const pack = () =>
  step('tarball', {
    inputs: ['pkg'],
    outputs: [TARBALL],
    async make() {
      await mkdir(at(FOLDER), { recursive: true });
      // Other files of tests may be at the same: none sees half of a tarball.
      const own = await mkdtemp(at(FOLDER, 'pack-'));
      const said = await npm(['pack', at('pkg'), '--pack-destination', own, '--ignore-scripts', '--json']);
      const [{ filename }] = Object.values(JSON.parse(said));
      await rename(path.join(own, path.basename(filename)), at(TARBALL));
      await rm(own, { recursive: true });
    },
  });
