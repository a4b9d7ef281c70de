// Files from outside: dropped anywhere on the page, or picked with a button.

import { element } from '../views/parts/dom.ts';

/** Calls `open` with the files of each drop; an empty list when the drop had none. */
export function listenForDrops(open: (files: File[]) => void): void {
  let depth = 0;
  const mark = (change: number): void => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle('dropping', depth > 0);
  };
  addEventListener('dragenter', () => mark(1));
  addEventListener('dragleave', () => mark(-1));
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    mark(-depth);
    open([...(event.dataTransfer?.files ?? [])]);
  });
}

/** A button that opens the browser's file picker. */
export function fileButton(label: string, open: (files: File[]) => void): HTMLElement {
  const input = element('input', { type: 'file', multiple: true, hidden: true, id: 'files' });
  input.accept = '.safetensors,.npz,.npy,.json';
  input.addEventListener('change', () => {
    open([...(input.files ?? [])]);
    input.value = '';
  });
  const button = element('button', { type: 'button', class: 'button' }, label);
  button.addEventListener('click', () => input.click());
  return element('div', { class: 'file-button' }, button, input);
}
