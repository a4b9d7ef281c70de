// A notebook of JupyterLab: the cell of a recipe is run, something is chosen in its figure, and Python knows of it.

import { eventually } from './eventually.mjs';

/** How long a kernel may take to start, and to answer. */
const PATIENCE = 60_000;

/** What the cell after the recipe's asks of the figure. */
const ASKED = "print('chosen', scope.cell['value'])";

export const notebook = {
  /** The file of a notebook with the cell of a recipe. @param {string} source */
  file(source) {
    const empty = { metadata: {}, outputs: [], execution_count: null };
    const cell = (source, id) => ({ cell_type: 'code', id, source, ...empty });
    const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };
    const cells = [cell(source, 'recipe'), cell(ASKED, 'asked')];
    return JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec }, cells });
  },

  /** Runs the recipe's cell, once there is a kernel. @param {import('../../browsers/page.mjs').Driver} browser */
  async run(browser) {
    await eventually(() => browser.evaluate(isReady), 'there is no kernel', PATIENCE);
    await browser.evaluate(runCell, 0);
  },

  /**
   * The cell that a key leads to is what Python prints.
   *
   * @param {import('../../browsers/page.mjs').Driver} browser
   * @param {() => Promise<number[]>} values that the figure has told.
   */
  async check(browser, values) {
    const before = (await values()).length;
    await browser.evaluate(focusFigure);
    await browser.press('Control+Home');
    const told = async () => (await values()).slice(before).at(-1);
    const chosen = await eventually(told, 'no other cell is current', PATIENCE);
    // What a figure writes takes another way to Python than what is run, and may come later.
    const printed = async () => {
      await browser.evaluate(runCell, 1);
      return Number(await browser.evaluate(readChosen)) === chosen;
    };
    await eventually(printed, `Python never prints ${chosen}`, PATIENCE);
  },
};

/** Whether there is a notebook and its kernel. */
async function isReady() {
  const session = globalThis.jupyterapp?.shell.currentWidget?.context?.sessionContext;
  await session?.ready;
  return Boolean(session);
}

/** Runs a cell to its end. Whichever has the focus, the figure in it included, is the active one. */
async function runCell(index) {
  const { shell, commands } = globalThis.jupyterapp;
  shell.currentWidget.content.activeCellIndex = index;
  await commands.execute('notebook:run-cell');
}

function focusFigure() {
  /** @type {HTMLElement} */ (document.querySelector('qk-scope').shadowRoot.querySelector('.plot-cursor')).focus();
}

function readChosen() {
  const outputs = [...document.querySelectorAll('.jp-OutputArea-output')].map(({ textContent }) => textContent);
  return outputs.map((text) => /^chosen (\S+)/.exec(text)?.[1]).find(Boolean);
}
