// What the visitor has opened in this visit, so that the way back to it asks for nothing. A file is a reference, of which nothing is
// held; after a reload there are none.

import { clip } from '../views/parts/text.ts';
import { LONGEST_MARK } from './awaited.ts';
import { Recent } from './recent.ts';
import { nameOf, openFiles, type Reading, type Roles, type Source, type Unassigned } from './source.ts';

/** So many are kept, the last ones. */
const MOST = 24;

/** Files that are one source. */
export interface Kept {
  readonly files: readonly File[];
  /** Which of their tensors is which, once the visitor has said so where they do not. */
  roles?: Roles;
}

export class Visit {
  /** By what an address calls them. */
  readonly #kept = new Recent<Kept>(MOST);

  /** Files that are about to be opened. */
  keep(files: readonly File[]): Kept {
    const kept = { files };
    this.#kept.set(markOfFiles(files), kept);
    return kept;
  }

  /** What an address calls `mark`; undefined where that was not opened in this visit. */
  find(mark: string | undefined): Kept | undefined {
    return mark === undefined ? undefined : this.#kept.get(mark);
  }
}

/** What an address calls the source that is made of `files`. */
export function markOfFiles(files: readonly File[]): string {
  return clip(nameOf(files), LONGEST_MARK);
}

/** Opens files; what was asked about them before is not asked again. */
export async function openKept(kept: Kept, reading: Reading): Promise<Source | Unassigned> {
  const opened = await openFiles(kept.files, reading);
  if (!('assign' in opened)) return opened;
  if (kept.roles) return opened.assign(kept.roles);
  return { ...opened, assign: (roles) => opened.assign((kept.roles = roles)) };
}
