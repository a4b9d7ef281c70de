// The files that come with the page, where the page carries them: blocks of data in its HTML, which nothing has to be asked for.

import { inflate } from '../engine/inflate.ts';
import type { fileOf as besideThePage } from './files.ts';

/** A file by its name. Its block is inflated when it is asked for, and kept as text alone. */
export const fileOf: typeof besideThePage = async (name) => {
  const block = document.querySelector<HTMLScriptElement>(`script[data-file="${CSS.escape(name)}"]`);
  if (!block) throw new Error(`the page carries no file called ${name}`);
  return inflate(block.text).blob();
};
