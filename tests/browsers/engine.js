// The package in a page of its own: its two entries, and how many workers it has started.

import * as file from './package/index.js';
import * as inline from './package/inline.js';

globalThis.started = 0;
globalThis.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    globalThis.started += 1;
  }
};

globalThis.entries = { file, inline };
