// Errors as the second half of a sentence, in the page's language: "x.npz could not be opened: …".
//
// The kernel's own sentences are English; for Chinese they are put together from their parts, by code.

import { QkscopeError } from './engine.ts';
import { catalog, type Text } from '../generated/catalog.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import { text } from './text.ts';

/** A reason that the page gives itself, in both languages. */
export class PageError extends Error {
  readonly #reason: Text;
  readonly #values: Record<string, string | number>;

  constructor(reason: Text, values: Record<string, string | number> = {}) {
    super(phrase(reason, 'en', values));
    this.#reason = reason;
    this.#values = values;
  }

  in(language: Language): string {
    return phrase(this.#reason, language, this.#values);
  }
}

/** Chinese for each code of the kernel's errors; other codes get the last. */
const CHINESE: Record<string, string> = {
  tensor: '{subject} 应为 {expected}，实际为 {found}',
  shape: '{subject} 的形状应为 {expected}，实际为 {found}',
  parameter: '{subject} 应为 {expected}，实际为 {found}',
  unknown: '没有名为 {found} 的 {subject}；可用的有 {expected}',
  limit: '{subject} 过大：{found}，上限为 {expected}',
  out_of_memory: '{subject} 内存不足：{found}',
  unknown_format: '文件不是 {expected}：开头为 {found}',
  truncated: '{subject} 在第 {found} 字节处结束，应到第 {expected} 字节：文件不完整',
  duplicate: '{subject} {found} 出现了两次',
  layout: '{subject} 的数据从第 {found} 字节开始，应从第 {expected} 字节开始',
  size: '{subject} 有 {found} 字节，应为 {expected} 字节',
  unsupported: '无法读取 {subject}：{found}；支持的是 {expected}',
  ragged: '{subject} 各行长度不一：应为 {expected}，实际为 {found}',
  checksum: '{subject} 已损坏：校验和为 {found}，应为 {expected}',
  count: '{subject} 有 {found} 个，应为 {expected} 个',
  source: '无法读取 {subject}：{found}',
  changed: '{subject} 在读取期间被更改：先前为 {expected}，现在为 {found}',
  other: '{subject}：应为 {expected}，实际为 {found}',
};

/** The few subjects that are words and no names. */
const SUBJECTS: Record<string, string> = { file: '文件', header: '文件头', query: '查询', key: '键', value: '值' };

/** Why something failed, without a full stop. */
export function reasonOf(error: unknown, language: Language): string {
  return sentenceOf(error, language).replace(/[.。]$/, '');
}

function sentenceOf(error: unknown, language: Language): string {
  const file = fileMissing(error, language);
  if (file !== undefined) return phrase(text.notLoaded, language, { file });
  if (error instanceof PageError) return error.in(language);
  if (error instanceof QkscopeError && language === 'zh') return inChinese(error);
  return error instanceof Error ? error.message : String(error);
}

/** Says by itself that something could not be computed; what has to be done first may be the reason. */
export function faultOf(error: unknown, language: Language): string {
  const file = fileMissing(error, language);
  return file === undefined ? reasonOf(error, language) : phrase(text.notComputed, language, { file });
}

/** How a browser says that a module did not arrive: Chromium and Firefox with its address, WebKit without. */
const NO_MODULE = /dynamically imported module|Importing a module script failed/;

/** Which file of the page itself did not arrive, where that is what went wrong. */
export function fileMissing(error: unknown, language: Language): string | undefined {
  if (error instanceof QkscopeError) {
    const missing = error.code === 'wasm' && (error.expected === 'served' || error.expected === 'reachable');
    return missing ? nameIn(error.subject) : undefined;
  }
  if (!(error instanceof TypeError && NO_MODULE.test(error.message))) return undefined;
  return nameIn(error.message) ?? text.someScript[language];
}

/** The last part of an address, without what is asked of it. */
function nameIn(words: string): string | undefined {
  return /([^/\s]+\.(?:js|wasm))(?:\?\S*)?\.?$/.exec(words)?.[1];
}

/** What a control for an option of the problem is called. */
function labelOf(name: string, language: Language): string | undefined {
  return catalog.options.find((option) => option.name === name)?.label[language];
}

/** The sentence for what most often stands in the way: nobody has said where the diagonal starts. */
export function alignmentMissing(sizes: { queries: number; keys: number }, language: Language): string {
  const { queries, keys } = sizes;
  const name = labelOf('causalAlignment', language) ?? '';
  return phrase(text.alignmentMissing, language, { name, queries, keys });
}

/** Whether the kernel misses the choice of an alignment. */
export function missesAlignment(error: unknown): boolean {
  return error instanceof QkscopeError && error.subject === 'causalAlignment' && error.found === 'missing';
}

function inChinese({ code, subject, expected, found }: QkscopeError): string {
  const template = CHINESE[code] ?? CHINESE['other'] ?? '';
  const name = SUBJECTS[subject] ?? labelOf(subject, 'zh') ?? subject;
  return phrase({ en: '', zh: template }, 'zh', { subject: name, expected, found });
}
