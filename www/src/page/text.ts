// All text of the page that does not come from the catalogue, in both languages.

import type { Text } from '../generated/catalog.ts';

export const text = {
  documentTitle: { en: 'qkscope: how q·k becomes attention', zh: 'qkscope：q·k 如何变成注意力' },
  title: { en: 'How q·k becomes attention', zh: 'q·k 如何变成注意力' },
  lead: {
    en: 'Each cell pairs one query, its row, with one key, its column. Their dot product is q·k = |q|⁠ |k|⁠ cos θ: the cosine, a similarity of direction, times two lengths. For a given query, |q| multiplies all scores alike; a long key can beat a better aligned one. A normalizer then turns each row of scores into weights.',
    zh: '每个格子对应一个查询（行）和一个键（列）。两者的点积 q·k = |q|⁠ |k|⁠ cos θ：余弦是方向上的相似度，再乘以两个长度。对同一个查询，|q| 把所有分数同等放大；而较长的键可以胜过方向更一致的键。随后归一化把每一行分数变成权重。',
  },
  foot: {
    en: 'Everything is computed in this page. A file that you open stays on your device.',
    zh: '一切都在本页中计算，打开的文件不会离开你的设备。',
  },

  theme: { en: 'Theme', zh: '主题' },
  themeAuto: { en: 'Auto', zh: '自动' },
  themeLight: { en: 'Light', zh: '浅色' },
  themeDark: { en: 'Dark', zh: '深色' },
  language: { en: 'Language', zh: '语言' },

  example: { en: 'Example', zh: '示例' },
  ownFile: { en: 'Your file', zh: '你的文件' },
  open: { en: 'Open files…', zh: '打开文件…' },
  dropHint: {
    en: 'or drop them anywhere: safetensors, npz, npy, JSON',
    zh: '或拖放到页面任意处：safetensors、npz、npy、JSON',
  },
  dropNow: { en: 'Drop to open', zh: '松开即可打开' },
  cancel: { en: 'Cancel', zh: '取消' },
  reading: { en: 'Reading {name}', zh: '正在读取 {name}' },
  computing: { en: 'Computing', zh: '正在计算' },
  close: { en: 'Close', zh: '关闭' },

  layer: { en: 'Layer', zh: '层' },
  head: { en: 'Head', zh: '头' },
  batch: { en: 'Batch item', zh: '批次项' },
  previous: { en: 'Previous: {name}', zh: '上一个：{name}' },
  next: { en: 'Next: {name}', zh: '下一个：{name}' },
  stage: { en: 'What is shown', zh: '显示内容' },
  colors: { en: 'Colours', zh: '配色' },
  automatic: { en: 'auto', zh: '自动' },
  notSet: { en: 'not set', zh: '未设置' },
  slider: { en: '{name}, coarsely', zh: '{name}（粗调）' },

  controls: { en: 'How it is computed', zh: '如何计算' },
  score: { en: 'Score', zh: '分数' },
  normalizer: { en: 'Normalizer', zh: '归一化' },
  options: { en: 'Scale and mask', zh: '缩放与掩码' },
  reset: { en: 'Reset to the file’s settings', zh: '恢复为文件自带的设置' },

  rows: { en: '↓ rows: queries', zh: '↓ 行：查询' },
  columns: { en: '→ columns: keys', zh: '→ 列：键' },
  sumsToOne: { en: 'each row sums to 1.000', zh: '每行之和为 1.000' },
  sumsRange: { en: 'row sums from {low} to {high}', zh: '行和从 {low} 到 {high}' },
  emptyRows: { en: 'rows without weights: {count}', zh: '{count} 行没有权重' },
  badRows: { en: 'rows that are not numbers: {count}', zh: '{count} 行为非数值' },
  pooled: {
    en: 'each cell is the largest of up to {rows} × {columns}',
    zh: '每格取至多 {rows} × {columns} 个中的最大者',
  },
  place: { en: 'query {query} · key {key}', zh: '查询 {query} · 键 {key}' },
  block: {
    en: 'Queries {queries}, keys {keys}: the cell drawn is {value}, the largest in magnitude. It stands at the pair below.',
    zh: '查询 {queries}、键 {keys}：所画的值 {value} 是其中绝对值最大者，位于下面这一对。',
  },
  blockInvalid: {
    en: 'Queries {queries}, keys {keys}: at least one is not a number, as is the pair below.',
    zh: '查询 {queries}、键 {keys}：其中至少有一个非数值，下面这一对即是。',
  },
  blockRemoved: {
    en: 'Queries {queries}, keys {keys}: the mask removes them all. The pair below is the first.',
    zh: '查询 {queries}、键 {keys}：全部被掩码去除。下面是其中第一对。',
  },
  spoken: {
    en: 'Query {query}, key {key}: {stage} {value}. q·k {product}, weight {weight}, row’s sum {mass}.',
    zh: '查询 {query}，键 {key}：{stage} {value}。q·k {product}，权重 {weight}，行和 {mass}。',
  },
  rowStatus: { en: 'This row: {label}. {about}', zh: '本行：{label}。{about}' },

  assignTitle: { en: 'Which tensors are Q, K and V?', zh: '哪些张量是 Q、K、V？' },
  assignAbout: {
    en: 'The names in {name} do not say. Q and K are needed; V is not drawn yet and may be left out.',
    zh: '{name} 中的名称没有说明。Q 和 K 必选；V 可不选。',
  },
  query: { en: 'Query, Q', zh: '查询 Q' },
  key: { en: 'Key, K', zh: '键 K' },
  value: { en: 'Value, V', zh: '值 V' },
  none: { en: 'none', zh: '无' },
  choose: { en: 'choose a tensor', zh: '请选择张量' },
  show: { en: 'Show', zh: '显示' },
  needsBoth: { en: 'Choose a tensor for Q and one for K.', zh: '请为 Q 和 K 各选一个张量。' },
  rankFault: {
    en: '“{name}” is {rank}-dimensional; Q, K and V have 2 to 4 axes: batch, heads, tokens, numbers per token.',
    zh: '“{name}”有 {rank} 个轴；Q、K、V 需要 2 到 4 个：批次、头、词元、每词元的数。',
  },
  sizeFault: {
    en: 'Q has vectors of {query} numbers, K of {key}: they must be as long to be multiplied.',
    zh: 'Q 的向量长 {query}，K 的向量长 {key}：相乘要求长度相同。',
  },
  batchFault: {
    en: 'Q has {query} batch items, “{name}” has {other}.',
    zh: 'Q 有 {query} 个批次项，“{name}”有 {other} 个。',
  },
  headsFault: {
    en: 'Q has {query} heads, K has {key}: the first must be a multiple of the second.',
    zh: 'Q 有 {query} 个头，K 有 {key} 个：前者须为后者的整数倍。',
  },
  valueFault: {
    en: 'K has {key} heads of {keys} keys, V has {value} heads of {values} values: they go together one by one.',
    zh: 'K 有 {key} 个头、{keys} 个键，V 有 {value} 个头、{values} 个值：应一一对应。',
  },
  emptyFault: { en: '“{name}” has no numbers: its shape is {shape}.', zh: '“{name}”没有数据：形状为 {shape}。' },

  openFailed: { en: '{name} could not be opened: {reason}.', zh: '无法打开 {name}：{reason}。' },
  computeFailed: { en: 'The picture could not be computed: {reason}.', zh: '无法计算：{reason}。' },
  tokensFault: {
    en: '{name} has {tokens} tokens for {size} {what}; they are shown by number instead.',
    zh: '{name} 有 {tokens} 个词元，但有 {size} 个{what}；改用编号显示。',
  },
  queries: { en: 'queries', zh: '查询' },
  keys: { en: 'keys', zh: '键' },
  weightsOnly: {
    en: 'it holds weights without Q and K, and scores are computed from Q and K',
    zh: '其中只有权重，没有 Q 和 K，而分数要由 Q 和 K 计算',
  },
  noTensor: {
    en: 'it holds no tensor that can be read; of those listed, {count} are of a type that is not supported',
    zh: '其中没有可读的张量；列出的 {count} 个类型不受支持',
  },
  nothingOpen: {
    en: 'Nothing is open. Choose an example, or drop a file.',
    zh: '尚未打开任何内容。请选择示例，或拖入文件。',
  },
  noHeads: {
    en: 'it has {batch} batch items of {heads} heads, and at least one of each is needed',
    zh: '其中有 {batch} 个批次项，每项 {heads} 个头；两者都至少要有一个',
  },
  noFile: { en: 'What was dropped holds no file.', zh: '拖入的内容不包含文件。' },
} as const satisfies Record<string, Text>;
