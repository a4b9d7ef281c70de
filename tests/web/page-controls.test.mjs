// Every control changes the picture, whatever the catalogue lists; what cannot be is said where it was entered.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startSite } from './harness.mjs';
import { assertShown, fingerprint, noise, npy, npz, settled, tensor } from './page.mjs';

const site = await startSite();
after(() => site.close());

/** Values to try on a number, from the span of its slider and what is usual. */
const NUMBERS = ['0', '0.5', '1', '2', '3', '0.05', '0.9'];

/** Too small to be seen in a picture, or of no account without equal keys, far keys, or numbers in a table. */
const UNSEEN = ['eps', 'ties', 'maxDistance', 'bidirectional'];

/** Members that begin as each other: their matrices as identities, their sinks and tables as zeros. */
const EQUAL_AT_FIRST = [
  ['dot', 'general'],
  ['additive', 'concat'],
  ['softmax1', 'softmax_sink'],
  ['none', 'learned', 't5'],
];

/** The controls of the panel as they stand: what they are called, what they can be, what they are. */
const controls = (page) =>
  page.evaluate(() =>
    [
      .../** @type {NodeListOf<any>} */ (document.querySelectorAll('.controls :is(select, input:not([type=range]))')),
    ].map((control) => ({
      name: control.name,
      kind: control.type,
      value: control.value,
      disabled: control.disabled,
      options: control.options
        ? [...control.options].filter(({ disabled }) => !disabled).map(({ value }) => value)
        : [],
    })),
  );

async function set(page, { name, kind }, value) {
  const control = page.locator(`.controls [name="${name}"]`);
  if (kind === 'checkbox') await control.setChecked(value);
  else if (kind === 'select-one') await control.selectOption(value);
  else await control.fill(value);
  await settled(page);
}

const choicesOf = ({ kind, options, value }) => {
  if (kind === 'checkbox') return [true, false];
  return (kind === 'select-one' ? options : NUMBERS).filter((choice) => choice !== value && choice !== '');
};

/** Whether one of a control's other values draws another picture; the control ends where it began. */
async function changesPicture(page, control) {
  const before = await fingerprint(page);
  const start =
    control.kind === 'checkbox' ? await page.locator(`[name="${control.name}"]`).isChecked() : control.value;
  let changed = false;
  for (const choice of choicesOf(control)) {
    await set(page, control, choice);
    changed ||= (await fingerprint(page)) !== before;
    if (changed) break;
  }
  await set(page, control, start);
  assert.equal(await fingerprint(page), before, `${control.name} does not come back`);
  return changed;
}

test('each control changes the picture', () =>
  // Students and teachers in a window: there even the alignment and the number of visible keys matter.
  site.visit({ path: '#example=student-teacher&leftWindowSize=1&causalAlignment=lower_right' }, async (page) => {
    await settled(page);
    const names = new Set();
    for (const list of ['score', 'normalizer', 'position']) {
      const [members] = (await controls(page)).filter(({ name }) => name === list);
      for (const member of members.options) {
        await set(page, members, member);
        for (const control of await controls(page)) {
          if (names.has(control.name) || UNSEEN.includes(control.name) || choicesOf(control).length === 0) continue;
          if (control.disabled) continue;
          assert.ok(await changesPicture(page, control), `${control.name} with ${list} ${member} changes nothing`);
          names.add(control.name);
        }
      }
      await set(page, members, members.value);
    }
    for (const name of [
      'score',
      'normalizer',
      'scale',
      'temperature',
      'softcap',
      'causal',
      'causalAlignment',
      'leftWindowSize',
      'rightWindowSize',
    ]) {
      assert.ok(names.has(name), `${name} was not tried`);
    }
  }));

test('every member of the lists draws, and says nothing against it', () =>
  site.visit({}, async (page) => {
    await settled(page);
    for (const list of ['score', 'normalizer', 'position']) {
      const [menu] = (await controls(page)).filter(({ name }) => name === list);
      const seen = new Map();
      for (const member of menu.options) {
        await set(page, menu, member);
        const picture = await fingerprint(page);
        const same = [...seen].filter(([, other]) => other === picture).map(([id]) => id);
        assert.ok(
          same.every((other) => EQUAL_AT_FIRST.some((group) => group.includes(member) && group.includes(other))),
          `${list} ${member} draws what ${same} draws`,
        );
        seen.set(member, picture);
        assert.equal(await page.locator('#notice').textContent(), '', member);
        assert.equal((await page.locator('.field-fault').allTextContents()).join(''), '', member);
      }
      await set(page, menu, menu.value);
    }
  }));

const chooseFile = async (page, button, file) => {
  const chooser = page.waitForEvent('filechooser');
  await page.locator(`button[name="${button}"]`).click();
  await (await chooser).setFiles({ mimeType: '', ...file });
};

test('a matrix is automatic, random by a seed that a link holds, or from a file', () =>
  site.visit({ path: '#score=general' }, async (page) => {
    await settled(page);
    const field = page.locator('[data-parameter="w"]');
    const menu = page.locator('select[name="w"]');
    assert.equal(await field.locator('.field-shape').textContent(), '32 × 32');
    assert.equal(await menu.locator('option').first().textContent(), 'Automatic: identity');
    const automatic = await fingerprint(page);
    await menu.selectOption('random');
    await settled(page);
    const first = await fingerprint(page);
    assert.notEqual(first, automatic);
    await page.locator('[name="w-seed"]').fill('7');
    await settled(page);
    const seventh = await fingerprint(page);
    assert.notEqual(seventh, first);
    await page.waitForFunction(() => new URLSearchParams(location.hash.slice(1)).get('score.w') === 'random:7');
    await page.reload();
    await settled(page);
    assert.equal(await page.locator('[name="w-seed"]').inputValue(), '7');
    assert.equal(await fingerprint(page), seventh, 'the same numbers again');
    await page.locator('[name="w-seed"]').fill('-1');
    assert.match(await field.locator('.field-fault').textContent(), /whole number from 0 to 4294967295, not “-1”/);
    // Twice the identity doubles the scores, as a scale twice as large does.
    const double = tensor(
      [32, 32],
      Array.from({ length: 1024 }, (_, index) => (index % 33 === 0 ? 2 : 0)),
    );
    await menu.selectOption('file');
    await chooseFile(page, 'w-file', { name: 'double.npy', buffer: npy(double) });
    await field.locator('.field-file', { hasText: 'double.npy' }).waitFor();
    await settled(page);
    const doubled = await fingerprint(page);
    await menu.selectOption('automatic');
    await settled(page);
    assert.equal(await fingerprint(page), automatic, 'and back');
    await page.locator('[name="scale"]').fill('2');
    await settled(page);
    assert.equal(await fingerprint(page), doubled);
  }));

test('a file with several tensors is asked about, and a shape that does not fit is refused at the control', () =>
  site.visit({ path: '#score=general' }, async (page) => {
    await settled(page);
    const before = await fingerprint(page);
    await page.locator('select[name="w"]').selectOption('file');
    const right = tensor([32, 32], noise(1024));
    await chooseFile(page, 'w-file', {
      name: 'some.npz',
      buffer: npz({ wrong: tensor([3, 32], noise(96)), right }),
    });
    await page.locator('[name="w-tensor"]').selectOption({ label: 'wrong  (3 × 32)' });
    const fault = page.locator('[data-parameter="w"] .field-fault');
    await page.waitForFunction(() => document.querySelector('[data-parameter="w"] .field-fault').textContent !== '');
    assert.match(await fault.textContent(), /w.*\(32, 32\).*\(3, 32\)/);
    assert.equal(await fingerprint(page), before, 'the picture stays');
    await page.locator('[name="w-tensor"]').selectOption({ label: 'right  (32 × 32)' });
    // The numbers are read first; with them the refusal goes.
    await page.waitForFunction(() => document.querySelector('[data-parameter="w"] .field-fault').textContent === '');
    await settled(page);
    assert.notEqual(await fingerprint(page), before, 'a picture of its own');
    await chooseFile(page, 'w-file', { name: 'broken.npy', buffer: Buffer.from('no array') });
    await page.waitForFunction(() => document.querySelector('[data-parameter="w"] .field-fault').textContent !== '');
    assert.match(await fault.textContent(), /broken\.npy could not be opened/);
  }));

test('a table of T5 counts for both its options', () =>
  site.visit({ path: '#position=t5&position.table=random:3&position.maxDistance=17' }, async (page) => {
    await settled(page);
    assert.equal(await page.locator('[data-parameter="table"] .field-shape').textContent(), '32 × 12');
    const seen = new Set([await fingerprint(page)]);
    await page.locator('[name="bidirectional"]').uncheck();
    await settled(page);
    seen.add(await fingerprint(page));
    await page.locator('[name="bidirectional"]').check();
    await page.locator('[name="maxDistance"]').fill('128');
    await settled(page);
    seen.add(await fingerprint(page));
    assert.equal(seen.size, 3);
  }));

test('numbers for the heads are typed, counted, and kept in the link', () =>
  site.visit({ path: '#normalizer=softmax_sink', width: 1440, height: 1200 }, async (page) => {
    await settled(page);
    const before = await fingerprint(page);
    await page.locator('select[name="sinks"]').selectOption('list');
    const typed = page.locator('[name="sinks-list"]');
    assert.equal(await typed.inputValue(), Array(12).fill(0).join(', '), 'as the automatic ones are');
    await settled(page);
    assert.equal(await fingerprint(page), before);
    await typed.fill('0, 3, 0');
    const fault = page.locator('[data-parameter="sinks"] .field-fault');
    assert.match(await fault.textContent(), /12 numbers are needed, not 3/);
    await typed.fill('0, three');
    assert.match(await fault.textContent(), /Only numbers/);
    await typed.fill('0,3,0,0,0,0,0,0,0,0,0,-1.5');
    await settled(page);
    assert.equal(await fault.textContent(), '');
    const sunk = await fingerprint(page);
    assert.notEqual(sunk, before);
    await page.waitForFunction(
      () => new URLSearchParams(location.hash.slice(1)).get('normalizer.sinks') === '0,3,0,0,0,0,0,0,0,0,0,-1.5',
    );
    await page.reload();
    await settled(page);
    assert.equal(await fingerprint(page), sunk);
  }));

test('what a normalizer forbids is shut, with a reason, and comes back as it was', () =>
  site.visit({ path: '#score=cosine&scale=3&temperature=2' }, async (page) => {
    await settled(page);
    const before = await fingerprint(page);
    await page.locator('[name="normalizer"]').selectOption('linear_elu1');
    await settled(page);
    assert.equal(await page.locator('#notice').textContent(), '');
    assert.notEqual(await fingerprint(page), before);
    for (const name of ['score', 'scale', 'temperature', 'softcap']) {
      assert.ok(await page.locator(`#explore [name="${name}"]`).isDisabled(), name);
    }
    assert.ok(await page.locator('[name="causal"]').isEnabled());
    const reasons = await page.locator('.field-reason').allTextContents();
    assert.deepEqual(reasons, Array(2).fill('Has no effect now: “Linear attention (elu + 1)” does not use it.'));
    assert.equal(await page.locator('[name="score"]').inputValue(), 'cosine');
    await page.locator('[name="normalizer"]').selectOption('softmax');
    await settled(page);
    assert.ok(await page.locator('[name="score"]').isEnabled());
    assert.equal(await fingerprint(page), before);
    // A position that adds a bias is left out; the others go on.
    await page.locator('[name="position"]').selectOption('alibi');
    await settled(page);
    const biased = await fingerprint(page);
    assert.notEqual(biased, before);
    await page.locator('[name="normalizer"]').selectOption('linear_elu1');
    await settled(page);
    assert.equal(await page.locator('[name="position"]').inputValue(), 'alibi');
    assert.ok(await page.locator('[name="position"] option[value="t5"]').isDisabled());
    assert.equal(await page.locator('[data-parameter="position"] .field-reason').count(), 1);
    await page.locator('[name="position"]').selectOption('rope');
    await settled(page);
    assert.equal(await page.locator('[data-parameter="position"] .field-reason').count(), 0);
    assert.equal(await page.locator('#notice').textContent(), '');
  }));

test('a slider moves its number, and the picture follows', () =>
  site.visit({}, async (page) => {
    await settled(page);
    const before = await fingerprint(page);
    const slider = page.locator('#controls').getByRole('slider', { name: 'Temperature' });
    await slider.focus();
    await page.keyboard.press('Home');
    await settled(page);
    assert.equal(await page.locator('#controls [name="temperature"]').inputValue(), '0.05');
    assert.notEqual(await fingerprint(page), before);
  }));

test('many changes at once end in the picture of the last', () =>
  site.visit({}, async (page) => {
    await settled(page);
    await page.locator('#controls [name="temperature"]').fill('3');
    await settled(page);
    const wanted = await fingerprint(page);
    await page.evaluate(() => {
      /** @type {HTMLInputElement} */
      const slider = document.querySelector('#controls [data-parameter="temperature"] [type=range]');
      for (let step = 0; step < 300; step += 1) {
        slider.value = String(step);
        slider.dispatchEvent(new Event('input'));
      }
      /** @type {HTMLInputElement} */
      const typed = document.querySelector('#controls [name="temperature"]');
      typed.value = '3';
      typed.dispatchEvent(new Event('input'));
    });
    await settled(page);
    assert.equal(await fingerprint(page), wanted);
  }));

test('a value that breaks its rule is refused at the control, with both numbers, and the picture stays', () =>
  site.visit({}, async (page) => {
    await settled(page);
    const before = await fingerprint(page);
    for (const [name, typed, sentence] of [
      ['temperature', '0', 'Temperature must be above 0, not 0.'],
      ['temperature', '-3', 'Temperature must be above 0, not -3.'],
      ['temperature', 'warm', 'Temperature must be a number, not “warm”.'],
      ['leftWindowSize', '1.5', 'Window to the left must be a whole number, not 1.5.'],
      ['leftWindowSize', '-2', 'Window to the left must be at least -1, not -2.'],
    ]) {
      const control = page.locator(`#explore [name="${name}"]`);
      await control.fill(typed);
      const field = page.locator(`#controls [data-parameter="${name}"]`);
      assert.equal(await field.locator('.field-fault').textContent(), sentence);
      assert.equal(await control.getAttribute('aria-invalid'), 'true');
      assert.equal(await fingerprint(page), before);
      await control.fill('');
      assert.equal(await field.locator('.field-fault').textContent(), '');
      await settled(page);
    }
  }));

test('what the kernel refuses is said at the control that it is about', () =>
  site.visit({ path: '#example=student-teacher' }, async (page) => {
    await settled(page);
    await page.locator('[name="causal"]').check();
    await settled(page);
    const fault = page.locator('[data-parameter="causalAlignment"] .field-fault');
    assert.match(await fault.textContent(), /3 queries and 6 keys/);
    await page.locator('[name="causalAlignment"]').selectOption('upper_left');
    await settled(page);
    assert.equal(await fault.textContent(), '');
  }));

/** Students and teachers refuse causal attention until an alignment is chosen. */
const toggleCausal = (page) =>
  page.evaluate(() => {
    scrollTo(0, 0);
    document.querySelector('[name="causal"]').dispatchEvent(new MouseEvent('click'));
  });

test('after a refusal the numbers still belong to the picture', () =>
  site.visit({ path: '#example=student-teacher', width: 1440, height: 1200 }, async (page) => {
    await settled(page);
    const read = async () => {
      await page.locator('.plot-cursor').focus();
      // There and back, so that the numbers are new ones and not those that stood there.
      await page.keyboard.press('Control+End');
      await page.locator('.cell-place', { hasText: 'query 2 · key 5' }).waitFor();
      await page.keyboard.press('Control+Home');
      await page.locator('.cell-place', { hasText: 'query 0 · key 0' }).waitFor();
      return page.locator('.cell .ledger').innerText();
    };
    const [before, picture] = [await read(), await fingerprint(page)];
    await toggleCausal(page);
    await page.locator('[name="batch"]').selectOption('7');
    await page.locator('[name="score"]').selectOption('cosine');
    await settled(page);
    assert.equal(await fingerprint(page), picture, 'nothing new was drawn');
    assert.equal(await read(), before);
    await toggleCausal(page);
    await settled(page);
    assert.notEqual(await read(), before);
  }));

test('a picture of settings before says so while a control shows a fault', () =>
  site.visit({ path: '#example=student-teacher', width: 1440, height: 1200 }, async (page) => {
    await settled(page);
    const sign = page.locator('.stale');
    const stale = 'The picture is still of the settings before.';
    const expectSign = (words) =>
      page.waitForFunction((words) => document.querySelector('.stale').textContent === words, words);
    assert.equal(await sign.textContent(), '');
    await toggleCausal(page);
    await settled(page);
    await expectSign(stale);
    assert.equal(await page.locator('.matrix-stale').count(), 1);
    await page.getByText('中文').click();
    await settled(page);
    await expectSign('图仍是先前设置的结果。');
    const fault = page.locator('[data-parameter="causalAlignment"] .field-fault');
    assert.equal(await fault.textContent(), '请先选择“因果对齐”：它决定 3 个查询与 6 个键如何对齐。');
    await page.getByText('English').click();
    await settled(page);
    await expectSign(stale);
    await toggleCausal(page);
    await settled(page);
    await expectSign('');
    assert.equal(await page.locator('.matrix-stale').count(), 0);
    await page.locator('#controls [name="temperature"]').fill('0');
    await expectSign(stale);
    await page.locator('#controls [name="temperature"]').fill('2');
    await settled(page);
    await expectSign('');
  }));

test('a notice about a picture goes with the next picture', () =>
  site.visit({ path: '#example=student-teacher', width: 360, height: 500 }, async (page) => {
    await settled(page);
    await toggleCausal(page);
    await page.locator('#notice p', { hasText: 'Choose “Causal alignment” first' }).waitFor();
    await toggleCausal(page);
    await settled(page);
    assert.equal(await page.locator('#notice').textContent(), '');
  }));

test('reset goes back to what the file says', () =>
  site.visit({ path: '#example=student-teacher&score=cosine&temperature=4' }, async (page) => {
    await settled(page);
    assert.equal(await page.locator('[name="score"]').inputValue(), 'cosine');
    await page.getByText('Reset to the file’s settings').click();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('name')), 'reset', 'the focus stays');
    await settled(page);
    assert.equal(await page.locator('[name="score"]').inputValue(), 'dot', 'as the file of this example says');
    assert.equal(await page.locator('#controls [name="temperature"]').inputValue(), '1');
    await page.waitForFunction(() => !new URLSearchParams(location.hash.slice(1)).has('temperature'));
  }));

test('students and teachers: softmax(bmm(query, key) / soft), one matrix per batch item', () =>
  site.visit({ path: '#example=student-teacher', width: 1440, height: 1200 }, async (page) => {
    const { readFile } = await import('node:fs/promises');
    const file = JSON.parse(await readFile(new URL('../../www/student-teacher.json', import.meta.url), 'utf8'));
    await settled(page);
    const [students, teachers, size] = [3, 6, 16];
    for (const [item, soft] of [
      [0, 1],
      [7, 0.5],
    ]) {
      await page.locator('[name="batch"]').selectOption(String(item));
      await page.locator('#controls [name="temperature"]').fill(String(soft));
      await settled(page);
      const vector = ({ data }, count, row) => data.slice((item * count + row) * size, (item * count + row + 1) * size);
      const query = vector(file.query, students, 0);
      const energy = Array.from(
        { length: teachers },
        (_, teacher) =>
          vector(file.key, teachers, teacher).reduce((sum, value, index) => sum + value * query[index], 0) / soft,
      );
      const sum = energy.reduce((total, value) => total + Math.exp(value), 0);
      await page.locator('.plot-cursor').focus();
      await page.keyboard.press('Control+Home');
      for (let teacher = 0; teacher < teachers; teacher += 1) {
        await page.locator('.cell-place', { hasText: `query 0 · key ${teacher}` }).waitFor();
        await assertShown(page, 'scaled', energy[teacher]);
        await assertShown(page, 'weight', Math.exp(energy[teacher]) / sum);
        await page.keyboard.press('ArrowRight');
      }
    }
  }));

test('layer and head are reached by buttons and keyboard', () =>
  site.visit({}, async (page) => {
    await settled(page);
    const before = await fingerprint(page);
    await page.getByRole('button', { name: 'Next: Head' }).click();
    await settled(page);
    assert.equal(await page.locator('[name="head"]').inputValue(), '2');
    assert.notEqual(await fingerprint(page), before);
    await page.locator('[name="layer"]').focus();
    await page.keyboard.press('ArrowDown');
    await settled(page);
    assert.equal(await page.locator('[name="layer"]').inputValue(), '4');
    for (let click = 0; click < 8; click += 1)
      await page.getByRole('button', { name: 'Next: Layer' }).click({ force: true });
    await settled(page);
    assert.equal(await page.locator('[name="layer"]').inputValue(), '5', 'the last stays the last');
  }));
