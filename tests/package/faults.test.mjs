// What a page, its host or its visitor can do to the package, and the test that shows what comes of it: one line each, so that
// nothing of it goes when tests are moved. What can be wrong with a file is listed in tests/formats/faults.rs.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { at } from './support.mjs';

const API = 'tests/package/api.test.mjs';
const LIFE = 'tests/package/life.test.mjs';
const CAPTURE = 'tests/package/capture.test.mjs';
const THREADS = 'tests/package/threads.test.mjs';
const PUBLISHED = 'tests/package/published.test.mjs';
const CONSUMERS = 'tests/package/consumers/list.mjs';
const POOL = 'tests/web/engine.test.mjs';
const POLICY = 'tests/web/engine-policy.test.mjs';
const FILES = 'tests/web/page-files.test.mjs';
const ELEMENT = 'tests/web/element.test.mjs';

/** @type {Record<string, [file: string, title: string][]>} */
const FAULTS = {
  'an input that is detached, shared, of doubles or of another length': [[API, 'tensors that are none']],
  'workers are forbidden, missing, or never answer': [
    [POLICY, 'no workers: the main thread computes the same'],
    [POLICY, 'no Worker at all'],
    [POLICY, 'a worker that never answers: after five seconds the main thread takes over'],
    [CONSUMERS, "without: ' blob:', onMainThread: true"],
    [THREADS, 'where there are no workers of any kind, to ask for some is refused'],
  ],
  'a module that is missing, damaged, or another': [
    [POLICY, 'the module is missing: the address and the status; once it is back, it works'],
    [POLICY, 'a cut module'],
    [POLICY, 'another module'],
    ['tests/web/layers-module.test.mjs', 'another module in its place: refused by name'],
    ['tests/web/files-module.test.mjs', 'a module that is another, and one that does not start: refused'],
  ],
  'a panic on every job': [
    [POOL, 'a panic on every job: a typed error, then the breaker, then configure() starts anew'],
  ],
  'a thousand problems opened and freed': [
    [LIFE, 'a thousand problems leave nothing behind'],
    [POOL, 'a thousand maps leave nothing behind in the memory of a worker'],
  ],
  'freed twice, or used after that': [[LIFE, 'free twice is harmless; use after free is refused']],
  'no SIMD': [[POLICY, 'no SIMD: the message says so']],
  'an abort before, during or after': [
    [POOL, 'abort before, during and after: one AbortError, and the next call is right'],
    [LIFE, 'abort during: one AbortError, soon, and the next call is correct'],
  ],
  'a picture above what a canvas may have': [
    [API, 'painting needs a browser, and says so; its options are checked all the same'],
    [ELEMENT, 'no view has a canvas above what browsers give, however large and fine the window'],
  ],
  'a thousand sizes a second': [[ELEMENT, 'takes a thousand sizes a second: a frame draws once']],
  'a token that is markup': [
    [POOL, 'a file is parsed and decoded in a worker'],
    [FILES, 'a hostile token is text wherever it stands'],
    [ELEMENT, 'a token that looks like markup is text, ${view}'],
  ],
  'an address that runs, leads elsewhere, or never ends': [
    [CAPTURE, 'addresses that are not fetched are refused'],
    [CAPTURE, 'servers that fail, redirect elsewhere, or never end'],
    ['tests/package/remote.test.mjs', 'bodies that never end are left, and the limit holds where ranges are not known'],
  ],
  'messages of strangers': [[POOL, 'messages from elsewhere are not heard']],
  'two hundred problems at once': [
    [POOL, 'two hundred open maps share the workers, which are let go with the last of them'],
    [ELEMENT, '200 figures share one pool; moved they stay, and gone they let go of everything'],
  ],
  'a figure that is removed or moved while it loads': [
    [ELEMENT, 'a figure that is removed while it loads fetches no more and tells nothing; moved, it is there once'],
  ],
  'an attribute or a property of another type': [
    [ELEMENT, 'what makes no sense is told in words, whatever it is'],
    [ELEMENT, 'an attribute or a property of another type is told by its name, and the figure mends'],
  ],
  'a Content Security Policy': [
    [CONSUMERS, 'A strict policy'],
    [POLICY, 'the policy that the documentation asks for'],
    [POLICY, 'no WebAssembly: the message says what to allow'],
  ],
  'Trusted Types': [
    [CONSUMERS, 'Trusted Types'],
    [POLICY, 'Trusted Types: one policy by the name of qkscope'],
    [POLICY, 'Trusted Types without that policy: the main thread'],
  ],
  'no connections': [[POLICY, 'no connections: the inlined entry needs none']],
  'text that would become markup or code': [
    [PUBLISHED, 'no script of it turns text into markup or code'],
    ['tests/tidy.rs', 'the_page_never_turns_text_into_markup_or_code'],
  ],
};

for (const [fault, tests] of Object.entries(FAULTS)) {
  test(`${fault}: there is a test`, async () => {
    for (const [file, title] of tests) {
      const lines = (await readFile(at(file), 'utf8')).split('\n');
      assert.ok(
        lines.some((line) => runs(line, title)),
        `${file} runs no ${title}`,
      );
    }
  });
}

/** Whether a line has that title, or its end, and is neither a comment nor a test that is left out. */
function runs(line, title) {
  const before = line.slice(0, Math.max(0, line.indexOf(title)));
  return line.includes(title) && /(?:['"`]|fn |[},:] )$/.test(before) && !/^ *\/\/|\.(?:skip|todo)\(/.test(before);
}
