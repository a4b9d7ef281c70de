// Commands, folders and clocks: what every script of this folder needs. Imports nothing that must be installed first.

import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** A failure whose message tells the whole story: shown without a stack. */
export class Failure extends Error {
  name = 'Failure';
}

/** An absolute path from one inside the repository. */
export const at = (...parts) => path.join(root, ...parts);

/**
 * Runs a command in the repository's root and resolves with what it wrote to standard output.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ show?: boolean, quiet?: boolean }} [how] `show` passes standard output on as well; `quiet` keeps standard
 *   error back unless the command fails.
 * @returns {Promise<string>}
 * @throws {CommandFailed} on any exit code but 0, with what was written so far.
 */
export function run(command, args, { show = false, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', quiet ? 'pipe' : 'inherit'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (show) process.stdout.write(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => (errors += text));
    child.on('error', (error) => reject(new Failure(`${command} cannot be started: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) return resolve(output);
      process.stderr.write(errors);
      reject(new CommandFailed([command, ...args].join(' '), code, output));
    });
  });
}

/** A command that ended with another exit code than 0. */
export class CommandFailed extends Failure {
  /** @param {string} line @param {number | null} code @param {string} output */
  constructor(line, code, output) {
    super(`\`${line}\` failed${code === null ? '' : ` (exit code ${code})`}`);
    this.output = output;
  }
}

/** Node itself, running a script of an installed package: the same on every system, unlike `node_modules/.bin`. */
export const runNode = (script, args, how) => run(process.execPath, [at('node_modules', script), ...args], how);

let folder;
/** Cargo's target folder, wherever its configuration puts it. */
export function targetFolder() {
  folder ??= run('cargo', ['metadata', '--format-version', '1', '--no-deps'], { quiet: true }).then(
    (text) => JSON.parse(text).target_directory,
  );
  return folder;
}

/** Calls `work`, and resolves with its value and the seconds it took. */
export async function timed(work) {
  const from = performance.now();
  const value = await work();
  return { value, seconds: ((performance.now() - from) / 1000).toFixed(1) };
}

/** Runs a script's main function; a {@link Failure} becomes one line on standard error and exit code 1. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(error instanceof Failure ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
