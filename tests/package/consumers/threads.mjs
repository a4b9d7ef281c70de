// Imported into every process of a consumer before its own scripts: keeps account of the threads that the package starts.

import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import process from 'node:process';

subscribe('worker_threads', () => {
  if (/node_modules\/qkscope\//.test(new Error().stack.replaceAll('\\', '/')))
    appendFileSync(process.env.THREADS_LOG, '.');
});
