// What stands beside the head that is open: another head, the same under another normalizer, or that of another capture; and
// how a link says it.

import { catalog, type CatalogMember } from '../../generated/catalog.ts';
import type { HeadAt } from '../../views/parts/headorder.ts';
import { isMark } from '../awaited.ts';
import { isAllowed, type Chosen, type Value } from '../settings.ts';
import { EXAMPLES } from '../source.ts';
import { parseValue, valueText } from '../state.ts';

export const KINDS = ['heads', 'normalizers', 'captures'] as const;
export type Kind = (typeof KINDS)[number];

/** What the visitor has chosen; what is undefined is as it comes. */
export interface CompareChoice {
  kind: Kind | undefined;
  head: HeadAt | undefined;
  normalizer: Chosen | undefined;
  /** The id of an example. */
  capture: string | undefined;
  /** What a link calls the visitor's own file, which stands there in place of an example. */
  file: string | undefined;
}

/** The choice in full. */
export interface ResolvedChoice extends CompareChoice {
  kind: Kind;
  head: HeadAt;
  normalizer: Chosen;
}

/** What the choice is made from. */
export interface Scope {
  /** A. */
  at: HeadAt;
  layers: number;
  heads: number;
  /** The normalizer of A. */
  normalizer: string;
}

const NOTHING: CompareChoice = {
  kind: undefined,
  head: undefined,
  normalizer: undefined,
  capture: undefined,
  file: undefined,
};

/** The normalizers that stand beside A as it comes: the first that is not A's own. */
const NORMALIZERS = ['sparsemax', 'softmax'];

/** Beside a head stands the next one, where there is one; beside one that is alone, itself under another normalizer. */
export function resolved(choice: CompareChoice, { at, layers, heads, normalizer }: Scope): ResolvedChoice {
  const next: HeadAt =
    heads > 1
      ? { layer: at.layer, head: (at.head + 1) % heads }
      : { layer: (at.layer + 1) % Math.max(1, layers), head: 0 };
  const { layer, head } = choice.head ?? next;
  return {
    kind: choice.kind ?? (layers * heads > 1 ? 'heads' : 'normalizers'),
    head: { layer: Math.min(layer, layers - 1), head: Math.min(head, heads - 1) },
    normalizer: choice.normalizer ?? { id: NORMALIZERS.find((id) => id !== normalizer) ?? normalizer, values: {} },
    capture: choice.capture,
    file: choice.file,
  };
}

export function normalizerOf(id: string): CatalogMember | undefined {
  return catalog.normalizers.find((member) => member.id === id);
}

/** As in `heads*b.3.5` or `normalizers*n.topk*p.k.4`; '' for what is as it comes. */
export function writeChoice({ kind, head, normalizer, capture, file }: CompareChoice): string {
  const entries = [
    ...(kind ? [kind] : []),
    ...(head ? [`b.${head.layer}.${head.head}`] : []),
    ...(normalizer ? [`n.${normalizer.id}`] : []),
    ...Object.entries(normalizer?.values ?? {}).flatMap(([name, value]) => {
      const written = valueText(value);
      return written === undefined ? [] : [`p.${name}.${written}`];
    }),
    ...(capture === undefined ? [] : [`c.${capture}`]),
    // A name may hold what separates entries.
    ...(file === undefined ? [] : [`f.${encodeURIComponent(file).replaceAll('*', '%2A')}`]),
  ];
  return entries.join('*');
}

/** Reads that; what it does not know is passed over. */
export function readChoice(written: string): CompareChoice {
  const choice = { ...NOTHING };
  for (const entry of written.split('*', 40)) {
    const [, name = '', value = ''] = /^(\w)\.(.+)$/.exec(entry) ?? [];
    choice.kind = KINDS.find((kind) => kind === entry) ?? choice.kind;
    if (name === 'b') choice.head = headFrom(value) ?? choice.head;
    if (name === 'n' && normalizerOf(value)) choice.normalizer = { id: value, values: {} };
    if (name === 'p' && choice.normalizer) choice.normalizer = withParameter(choice.normalizer, value);
    if (name === 'c' && EXAMPLES.some(({ id }) => id === value)) choice.capture = value;
    if (name === 'f') choice.file = fileFrom(value) ?? choice.file;
  }
  return choice;
}

function fileFrom(written: string): string | undefined {
  try {
    const file = decodeURIComponent(written);
    return isMark(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

function headFrom(written: string): HeadAt | undefined {
  const [, layer, head] = /^(\d{1,6})\.(\d{1,6})$/.exec(written) ?? [];
  return layer === undefined ? undefined : { layer: Number(layer), head: Number(head) };
}

/** With the parameter that `written` says, as in `alpha.0.5`, where there is such a one and it may be so. */
function withParameter(chosen: Chosen, written: string): Chosen {
  const [, name = '', typed = ''] = /^(\w+)\.(.+)$/.exec(written) ?? [];
  const parameter = normalizerOf(chosen.id)?.parameters.find((one) => one.name === name);
  const value: Value | undefined = parameter && parseValue(parameter, typed);
  if (!parameter || value === undefined || !isAllowed(parameter, value)) return chosen;
  return { ...chosen, values: { ...chosen.values, [name]: value } };
}
