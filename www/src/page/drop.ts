// Files from outside: dropped anywhere on the page, or picked with a button.

import { element } from '../views/parts/dom.ts';

/**
 * Calls `open` with the files of each drop; an empty list when the drop had none. Text that is dragged into a field is
 * left to the field.
 */
export function listenForDrops(open: (files: File[]) => void): void {
  let depth = 0;
  const mark = (change: number): void => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle('dropping', depth > 0);
  };
  addEventListener('dragenter', (event) => hasFiles(event) && mark(1));
  addEventListener('dragleave', (event) => hasFiles(event) && mark(-1));
  addEventListener('dragover', (event) => {
    if (!isForField(event)) event.preventDefault();
  });
  addEventListener('drop', (event) => {
    mark(-depth);
    if (isForField(event)) return;
    event.preventDefault();
    open([...(event.dataTransfer?.files ?? [])]);
  });
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') ?? false;
}

function isForField(event: DragEvent): boolean {
  return event.target instanceof HTMLInputElement && !hasFiles(event);
}

/** A button that opens the browser's file picker; `name` tells it from others, most of which want one file. */
export function fileButton(
  label: string,
  open: (files: File[]) => void,
  name = 'open',
  several = name === 'open',
): HTMLElement {
  const id = name === 'open' ? 'files' : undefined;
  const input = element('input', { type: 'file', multiple: several, hidden: true, id });
  input.accept = '.safetensors,.npz,.npy,.json';
  input.addEventListener('change', () => {
    open([...(input.files ?? [])]);
    input.value = '';
  });
  const button = element('button', { type: 'button', class: 'button', name }, label);
  button.addEventListener('click', () => input.click());
  return element('div', { class: 'file-button' }, button, input);
}
