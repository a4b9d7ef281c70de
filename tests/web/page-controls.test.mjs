// Every control changes the picture, whatever the catalogue lists; what cannot be is said where it was entered.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startSite } from './harness.mjs';
import { assertShown, fingerprint, settled } from './page.mjs';

const site = await startSite();
after(() => site.close());

/** Values to try on a number, from the span of its slider and what is usual. */
const NUMBERS = ['0', '0.5', '1', '2', '3', '0.05', '0.9'];

/** The controls of the panel as they stand: what they are called, what they can be, what they are. */
const controls = (page) =>
  page.evaluate(() =>
    [
      .../** @type {NodeListOf<any>} */ (document.querySelectorAll('.controls :is(select, input:not([type=range]))')),
    ].map((control) => ({
      name: control.name,
      kind: control.type,
      value: control.value,
      options: control.options ? [...control.options].map((option) => option.value) : [],
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
    for (const list of ['score', 'normalizer']) {
      const [members] = (await controls(page)).filter(({ name }) => name === list);
      for (const member of members.options) {
        await set(page, members, member);
        for (const control of await controls(page)) {
          if (names.has(`${control.name}`) || control.name === 'eps') continue;
          assert.ok(await changesPicture(page, control), `${control.name} with ${list} ${member} changes nothing`);
          names.add(control.name);
        }
      }
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

test('every score and every normalizer of the lists draws a picture of its own', () =>
  site.visit({}, async (page) => {
    await settled(page);
    for (const list of ['score', 'normalizer']) {
      const [menu] = (await controls(page)).filter(({ name }) => name === list);
      const seen = new Set();
      for (const member of menu.options) {
        await set(page, menu, member);
        seen.add(await fingerprint(page));
        assert.equal(await page.locator('#notice').textContent(), '', member);
      }
      await set(page, menu, menu.value);
      assert.equal(seen.size, menu.options.length, `${list}: ${menu.options}`);
    }
  }));

test('a slider moves its number, and the picture follows', () =>
  site.visit({}, async (page) => {
    await settled(page);
    const before = await fingerprint(page);
    const slider = page.getByRole('slider', { name: 'Temperature' });
    await slider.focus();
    await page.keyboard.press('Home');
    await settled(page);
    assert.equal(await page.locator('[name="temperature"]').inputValue(), '0.05');
    assert.notEqual(await fingerprint(page), before);
  }));

test('many changes at once end in the picture of the last', () =>
  site.visit({}, async (page) => {
    await settled(page);
    await page.locator('[name="temperature"]').fill('3');
    await settled(page);
    const wanted = await fingerprint(page);
    await page.evaluate(() => {
      /** @type {HTMLInputElement} */
      const slider = document.querySelector('[data-parameter="temperature"] [type=range]');
      for (let step = 0; step < 300; step += 1) {
        slider.value = String(step);
        slider.dispatchEvent(new Event('input'));
      }
      /** @type {HTMLInputElement} */
      const typed = document.querySelector('[name="temperature"]');
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
      const control = page.locator(`[name="${name}"]`);
      await control.fill(typed);
      const field = page.locator(`[data-parameter="${name}"]`);
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
      await page.keyboard.press('Control+End');
      await page.keyboard.press('Control+Home');
      await page.locator('.cell-place', { hasText: 'query 0 · key 0' }).waitFor();
      return page.locator('.ledger').innerText();
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

test('a notice about a picture goes with the next picture', () =>
  site.visit({ path: '#example=student-teacher', width: 360, height: 500 }, async (page) => {
    await settled(page);
    await toggleCausal(page);
    await page.locator('#notice p', { hasText: 'could not be computed' }).waitFor();
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
    assert.equal(await page.locator('[name="temperature"]').inputValue(), '1');
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
      await page.locator('[name="temperature"]').fill(String(soft));
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
