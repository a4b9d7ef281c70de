// The kernel's lists (JSON, from `cargo xtask catalog`) → a TypeScript module: the lists themselves, the unions of their
// names, and the options that each score and normalizer takes. TypeScript is not edited when Rust gains a member.

/** The unions of names: the type's name, and the list that it is made from. */
const UNIONS = {
  Stage: 'stages',
  Score: 'scores',
  Normalizer: 'normalizers',
  Position: 'positions',
  Pool: 'pools',
  Colormap: 'colormaps',
  Statistic: 'statistics',
  HeadStatistic: 'headStatistics',
  Pattern: 'patterns',
  Measure: 'measures',
  Status: 'statuses',
  Format: 'formats',
};

/** The lists whose members take parameters of their own, as `{ id: 'cosine', eps: 1e-6 }`. */
const OPTIONS = { ScoreOption: 'scores', NormalizerOption: 'normalizers', PositionOption: 'positions' };

/** What the members of some lists say beyond what all say. */
const MORE = {
  Colormap: '{ readonly onDark: Colormap }',
  Normalizer: '{ readonly forbids: readonly string[]; readonly sumsToOne: boolean }',
  Position: '{ readonly biases: boolean; readonly changesRows: boolean }',
};

/**
 * @param {Record<string, any[]>} lists
 * @returns {string} the source of `catalog.ts`.
 */
export function catalogModule(lists) {
  return [
    '// Made from the kernel by `npm run build`; edit the lists in src/, not this file.',
    INTERFACES,
    catalogInterface(),
    ...Object.entries(UNIONS).map(([type, list]) => union(type, lists[list])),
    ...Object.entries(OPTIONS).map(([type, list]) => optionType(type, lists[list])),
    `/** All lists, in the order in which menus show them. */`,
    `export const catalog: Catalog = ${JSON.stringify(lists, null, 2)};\n`,
  ].join('\n\n');
}

const INTERFACES = `/** A text in the languages of the page. */
export interface Text {
  readonly en: string;
  /** Chinese, simplified. */
  readonly zh: string;
}

/** The identity of one member of a list. */
export interface CatalogMember<Id extends string = string> {
  /** The name in options and addresses, as the field writes it: \`scaled_dot\`. */
  readonly id: Id;
  /** The name in menus. */
  readonly label: Text;
  /** One sentence: what it does and when one wants it. */
  readonly about: Text;
  /** The formula in plain text: \`s = q·k\`. */
  readonly formula: string;
  /** Where it comes from: authors, year, arXiv number or DOI, section. Empty where there is no paper. */
  readonly source: string;
  /** What can be set, in the order in which controls show it. */
  readonly parameters: readonly CatalogParameter[];
}

interface ParameterBase {
  /** The option's name: \`temperature\`. */
  readonly name: string;
  /** The name on a control. */
  readonly label: Text;
  /** What it does, and what its automatic value is. */
  readonly about: Text;
}

/** A finite number. */
export interface NumberParameter extends ParameterBase {
  readonly kind: 'number';
  /** The smallest allowed value; \`null\` is unbounded. */
  readonly min: number | null;
  /** The largest allowed value; \`null\` is unbounded. */
  readonly max: number | null;
  /** Whether \`min\` itself is refused. */
  readonly aboveMin: boolean;
  /** Whether only whole numbers are allowed. */
  readonly integer: boolean;
  /** \`null\`: worked out from the data, or off, as \`about\` says. */
  readonly default: number | null;
  /** The span of a slider. */
  readonly slider: readonly [number, number];
  /** Whether the slider's scale is logarithmic. */
  readonly logarithmic: boolean;
}

/** One of a few names. */
export interface ChoiceParameter extends ParameterBase {
  readonly kind: 'choice';
  /** The names and their labels. */
  readonly options: readonly (readonly [string, Text])[];
  /** The name in force when none is given; \`null\`: the caller must choose when it matters. */
  readonly default: string | null;
}

/** Finite numbers with a shape: a vector or a matrix of the model. */
export interface TensorParameter extends ParameterBase {
  readonly kind: 'tensor';
  /** What each axis counts: a size of the problem (\`d\`, \`dk\`, \`Hq\`, \`N\`, \`M\`, \`d+dk\`) or a free length. */
  readonly axes: readonly string[];
  /** Whether there may be one for each query head, along a first axis. */
  readonly perHead: boolean;
  /** What counts when none is given: \`identity\`, \`zeros\`, \`ones\`, \`ln 10\`. */
  readonly default: string;
}

/** Yes or no. */
export interface FlagParameter extends ParameterBase {
  readonly kind: 'flag';
  /** The value in force when none is given. */
  readonly default: boolean;
}

/** A value that a caller can set, with its rule. */
export type CatalogParameter = NumberParameter | ChoiceParameter | TensorParameter | FlagParameter;

/** Numbers with a shape, row-major. */
export interface ParameterTensor {
  data: Float32Array;
  shape: readonly number[];
}`;

function catalogInterface() {
  const member = (type) => (MORE[type] ? `(CatalogMember<${type}> & ${MORE[type]})` : `CatalogMember<${type}>`);
  const lists = Object.entries(UNIONS).map(([type, list]) => `  readonly ${list}: readonly ${member(type)}[];`);
  return [
    '/** Everything that can be chosen. */',
    'export interface Catalog {',
    ...lists,
    '  /** Options that are no member of a list: scale, temperature, causal, … */',
    '  readonly options: readonly CatalogParameter[];',
    '}',
  ].join('\n');
}

const quote = (name) => `'${name}'`;

const union = (type, members) => `export type ${type} = ${members.map(({ id }) => quote(id)).join(' | ')};`;

/** `Score | { readonly id: 'cosine'; eps?: number } | …` */
function optionType(type, members) {
  const base = type.replace('Option', '');
  const named = members.map(
    ({ id, parameters }) => `\n  | { readonly id: '${id}'${parameters.map(property).join('')} }`,
  );
  return `/** A name, or a name with its parameters. */\nexport type ${type} =\n  | ${base}${named.join('')};`;
}

const property = (parameter) =>
  `;\n      /** ${parameter.about.en.replaceAll('*/', '* /')} */\n      readonly ${parameter.name}?: ${valueType(parameter)} | undefined`;

/** A number whose default is worked out from the data also takes `null`, which asks for just that. */
function valueType(parameter) {
  if (parameter.kind === 'flag') return 'boolean';
  if (parameter.kind === 'tensor') return 'ParameterTensor | null';
  if (parameter.kind === 'choice') return parameter.options.map(([name]) => quote(name)).join(' | ');
  return parameter.default === null ? 'number | null' : 'number';
}
