// All text of the page that does not come from the catalogue, in both languages.

import type { Text } from '../generated/catalog.ts';

export const text = {
  example: { en: 'Example', zh: '示例' },
  ownFile: { en: 'Your file', zh: '你的文件' },
  open: { en: 'Open files…', zh: '打开文件…' },
  dropHint: {
    en: 'or drop them anywhere: safetensors, npz, npy, JSON',
    zh: '或拖放到页面任意处：safetensors、npz、npy、JSON',
  },
  openHint: { en: 'safetensors, npz, npy or JSON', zh: 'safetensors、npz、npy 或 JSON' },
  dropNow: { en: 'Drop to open', zh: '松开即可打开' },
  awaited: {
    en: 'This link was made for the file {name}, which is not in it. Open that file to see what was seen.',
    zh: '此链接是为文件 {name} 制作的，但不含该文件。打开该文件即可看到当时的画面。',
  },
  notAwaited: {
    en: 'This link was made for the file {name}; another one is open. Open that file to see what was seen.',
    zh: '此链接是为文件 {name} 制作的，现在打开的是另一个文件。打开该文件即可看到当时的画面。',
  },
  unread: {
    en: 'Parts of this link that fit nothing here: {parts}.',
    zh: '此链接中有些部分在这里不适用：{parts}。',
  },
  unreadPart: { en: '“{part}”', zh: '“{part}”' },
  dismiss: { en: 'Go on without it', zh: '不用它，继续' },
  backToHeads: { en: 'Back to all heads ↓', zh: '回到所有头 ↓' },
  take: { en: 'Export or copy a link', zh: '导出此图或复制链接' },
  takeMatrix: { en: 'Export the matrix or copy a link', zh: '导出矩阵或复制链接' },
  pictureTitle: { en: '{stage}, {head}', zh: '{stage}，{head}' },
  takeCell: { en: 'Export this pair or copy a link', zh: '导出这一对或复制链接' },
  missing: {
    en: 'This part of the page did not arrive: {reason}. Try again, or reload the page: the address keeps what is set.',
    zh: '页面的这一部分未能加载：{reason}。请重试，或重新载入页面：设置都保存在地址中。',
  },
  again: { en: 'Try again', zh: '重试' },
  cancel: { en: 'Cancel', zh: '取消' },
  reading: { en: 'Reading {name}', zh: '正在读取 {name}' },
  computing: { en: 'Computing', zh: '正在计算' },
  close: { en: 'Close', zh: '关闭' },

  layer: { en: 'Layer', zh: '层' },
  head: { en: 'Head', zh: '头' },
  batch: { en: 'Batch item', zh: '批次项' },
  window: { en: 'Queries', zh: '查询' },
  previous: { en: 'Previous: {name}', zh: '上一个：{name}' },
  next: { en: 'Next: {name}', zh: '下一个：{name}' },
  stage: { en: 'What is shown', zh: '显示内容' },
  colors: { en: 'Colours', zh: '配色' },
  pool: { en: 'Zoomed out', zh: '缩小时' },
  automatic: { en: 'auto', zh: '自动' },
  notSet: { en: 'not set', zh: '未设置' },
  slider: { en: '{name}, coarsely', zh: '{name}（粗调）' },

  controls: { en: 'How it is computed', zh: '如何计算' },
  score: { en: 'Score', zh: '分数' },
  normalizer: { en: 'Normalizer', zh: '归一化' },
  position: { en: 'Position', zh: '位置编码' },
  options: { en: 'Scale and mask', zh: '缩放与掩码' },
  forbidden: {
    en: 'Has no effect now: “{name}” does not use it.',
    zh: '当前不起作用：“{name}”不使用此项。',
  },

  tensorAutomatic: { en: 'Automatic: {name}', zh: '自动：{name}' },
  tensorRandom: { en: 'Random numbers', zh: '随机数' },
  tensorList: { en: 'One number per head', zh: '每个头一个数' },
  tensorFile: { en: 'From a file', zh: '来自文件' },
  tensorBrought: { en: 'from the file', zh: '取自文件' },
  tensorOwn: { en: 'as the opened file says', zh: '由所打开的文件给出' },
  seed: { en: 'Seed', zh: '种子' },
  seedNext: { en: 'Next', zh: '下一个' },
  seedFault: {
    en: 'A seed is a whole number from 0 to {most}, not “{found}”.',
    zh: '种子应为 0 到 {most} 的整数，而不是“{found}”。',
  },
  listLabel: { en: 'Numbers, with commas between them', zh: '数值，以逗号分隔' },
  listFault: { en: 'Only numbers with commas between them.', zh: '只能是以逗号分隔的数值。' },
  listCount: {
    en: 'There are {heads} heads, so {heads} numbers are needed, not {found}.',
    zh: '共有 {heads} 个头，需要 {heads} 个数，而不是 {found} 个。',
  },
  noFileYet: { en: 'no file yet', zh: '尚未选择文件' },
  fileNotLinked: { en: 'The link to this view does not carry it.', zh: '此视图的链接不含它。' },
  chooseFile: { en: 'Choose…', zh: '选择…' },
  whichTensor: { en: 'Which tensor?', zh: '哪个张量？' },

  mask: { en: 'Which keys each query may see', zh: '每个查询能看到哪些键' },
  maskAll: { en: 'all {total} pairs', zh: '全部 {total} 对' },
  maskSome: { en: '{allowed} of {total} pairs', zh: '{total} 对中的 {allowed} 对' },
  maskEmpty: { en: 'queries without a key: {count}', zh: '没有键的查询：{count} 个' },
  maskAbout: {
    en: 'All masks of {head}. Paint keys away {how}; drag the handles for window and lengths. A removed key gets weight 0; the others share its row.',
    zh: '{head}的全部掩码之和。可{how}涂去键；拖动手柄可设置窗口与长度。被去除的键权重为 0，其余的键重新分配该行。',
  },
  maskHow: { en: 'with mouse, or arrow keys and Space', zh: '用鼠标，或方向键加空格' },
  maskHowTouch: { en: 'with a finger', zh: '用手指' },
  brush: { en: 'Brush', zh: '画笔' },
  brushRemove: { en: 'Remove', zh: '去除' },
  brushAllow: { en: 'Allow', zh: '恢复' },
  brushShape: { en: 'Shape', zh: '形状' },
  brushFree: { en: 'Line', zh: '线' },
  brushRectangle: { en: 'Box', zh: '框' },
  maskScope: { en: 'Painting applies to', zh: '涂改应用于' },
  scopeAll: { en: 'All heads', zh: '所有头' },
  scopeHead: { en: 'This head', zh: '仅此头' },
  undo: { en: 'Undo', zh: '撤销' },
  redo: { en: 'Redo', zh: '重做' },
  invertMask: { en: 'Invert', zh: '反转' },
  clearMask: { en: 'Clear', zh: '清除' },
  loadMask: { en: 'Load a mask…', zh: '载入掩码…' },
  saveMask: { en: 'Save as .npy', zh: '保存为 .npy' },
  oppositeMask: {
    en: 'The file means the opposite (torch’s nn.MultiheadAttention: true is removed)',
    zh: '文件含义相反（torch 的 nn.MultiheadAttention：true 表示去除）',
  },
  keyLength: { en: 'Real keys', zh: '实际的键数' },
  queryLength: { en: 'Real queries', zh: '实际的查询数' },
  lengthFault: {
    en: 'A whole number from 0 to {most}, not “{found}”.',
    zh: '应为 0 到 {most} 的整数，而不是“{found}”。',
  },
  maskShapeFault: {
    en: '{name} has the shape {shape}; {queries} × {keys} is needed, or 1 in place of either, for all heads or each of the {heads}',
    zh: '{name} 的形状为 {shape}；需要 {queries} × {keys}（任一轴可为 1），可供所有头共用，或 {heads} 个头各一份',
  },
  maskNumberFault: {
    en: '{name} holds a value that is not a number or is infinite, and cannot be added',
    zh: '{name} 含有非数值或正无穷，无法相加',
  },
  maskLoaded: {
    en: '{name} is loaded as a mask: 1 may be seen, 0 is removed.',
    zh: '{name} 已作为掩码载入：1 可见，0 去除。',
  },
  maskLoadedOpposite: {
    en: '{name} is loaded as a mask: 1 is removed, 0 may be seen.',
    zh: '{name} 已作为掩码载入：1 去除，0 可见。',
  },
  maskBias: {
    en: '{name} is added to the scores: it holds other numbers than 0 and 1, or zeros alone; minus infinity removes a key.',
    zh: '{name} 加到分数上：它含有 0 和 1 以外的数，或全为零；负无穷表示去除该键。',
  },
  removeBias: { en: 'Take it out', zh: '移除' },
  biasForbidden: {
    en: '{name} has no effect now: “{normalizer}” takes no bias.',
    zh: '{name} 当前不起作用：“{normalizer}”不接受偏置。',
  },
  maskNotLinked: {
    en: 'The link to this view does not carry this mask: it is too long, or from a file. Save it to keep it.',
    zh: '此视图的链接不含这个掩码：它太长，或来自文件。请保存以保留。',
  },
  alignmentMissing: {
    en: 'Choose “{name}” first: it says how {queries} queries and {keys} keys line up.',
    zh: '请先选择“{name}”：它决定 {queries} 个查询与 {keys} 个键如何对齐。',
  },
  stale: { en: 'The picture is still of the settings before.', zh: '图仍是先前设置的结果。' },
  maskTooLarge: {
    en: 'With {queries} × {keys} pairs the mask cannot be painted; its rules can be changed.',
    zh: '{queries} × {keys} 对太多，无法涂改；仍可修改规则。',
  },
  maskOtherSize: {
    en: 'The painted mask is for {queries} × {keys} pairs and does not count here.',
    zh: '已涂改的掩码用于 {queries} × {keys} 对，在此不起作用。',
  },
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
  pooledMean: {
    en: 'each cell is the mean of up to {rows} × {columns}',
    zh: '每格为至多 {rows} × {columns} 个的平均值',
  },
  place: { en: 'query {query} · key {key}', zh: '查询 {query} · 键 {key}' },
  queryAt: { en: 'query {at}', zh: '查询 {at}' },
  keyAt: { en: 'key {at}', zh: '键 {at}' },
  queriesAt: { en: 'queries {at}', zh: '查询 {at}' },
  keysAt: { en: 'keys {at}', zh: '键 {at}' },
  block: {
    en: 'Queries {queries}, keys {keys}: the cell drawn is {value}, the largest in magnitude. It stands at the pair above.',
    zh: '查询 {queries}、键 {keys}：所画的值 {value} 是其中绝对值最大者，位于上面这一对。',
  },
  blockMean: {
    en: 'Queries {queries}, keys {keys}: the cell drawn is {value}, their mean. Zoom in for single pairs.',
    zh: '查询 {queries}、键 {keys}：所画的值 {value} 是其平均值。放大可看单个的对。',
  },
  blockSampled: {
    en: 'Queries {queries}, keys {keys}: the cell drawn, {value}, is from rows near by. These rows are not computed yet.',
    zh: '查询 {queries}、键 {keys}：所画的值 {value} 来自邻近的行，这些行尚未计算。',
  },
  blockStopped: {
    en: 'Queries {queries}, keys {keys}: the cell drawn, {value}, is from rows near by. These rows were not computed, since that was stopped.',
    zh: '查询 {queries}、键 {keys}：所画的值 {value} 来自邻近的行；计算已停止，这些行没有计算。',
  },
  computeRows: { en: 'Compute all rows', zh: '计算全部行' },
  blockLarge: {
    en: 'Queries {queries}, keys {keys}: the cell drawn is {value}, the largest in magnitude. Zoom in for single pairs.',
    zh: '查询 {queries}、键 {keys}：所画的值 {value} 是其中绝对值最大者。放大可看单个的对。',
  },
  blockInvalid: {
    en: 'Queries {queries}, keys {keys}: at least one is not a number, as is the pair above.',
    zh: '查询 {queries}、键 {keys}：其中至少有一个非数值，上面这一对即是。',
  },
  blockRemoved: {
    en: 'Queries {queries}, keys {keys}: the mask removes them all. The pair above is the first.',
    zh: '查询 {queries}、键 {keys}：全部被掩码去除。上面是其中第一对。',
  },
  spoken: {
    en: 'Query {query}, key {key}: {stage} {value}. q·k {product}, weight {weight}, row’s sum {mass}.',
    zh: '查询 {query}，键 {key}：{stage} {value}。q·k {product}，权重 {weight}，行和 {mass}。',
  },
  headNumbers: { en: 'This head in numbers', zh: '此头的数值' },
  headNumbersOf: { en: '{head} in numbers', zh: '{head}的数值' },
  headWithoutTokens: {
    en: 'Without tokens on both sides, numbers made of tokens are left out (–).',
    zh: '两侧没有相同的词元时，与词元有关的数值不计算（–）。',
  },
  rowStatus: { en: 'This row: {label}. {about}', zh: '本行：{label}。{about}' },

  assignTitle: { en: 'Which tensors are Q, K and V?', zh: '哪些张量是 Q、K、V？' },
  assignAbout: {
    en: 'The names in {name} do not say. Q and K are needed; V may be left out.',
    zh: '{name} 中的名称没有说明。Q 和 K 必选；V 可不选。',
  },
  assignOne: {
    en: '{name} has one tensor. Let it be Q and K at once, or open the files of Q and K together. A mask is opened under “Which keys each query may see”.',
    zh: '{name} 中只有一个张量。可让它同时作 Q 和 K，或把 Q 和 K 的文件一起打开。掩码请在“每个查询能看到哪些键”中打开。',
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
  notLoaded: { en: '{file} did not load', zh: '{file} 未能加载' },
  someScript: { en: 'a script of this page', zh: '本页的一个脚本' },
  notComputed: { en: 'This cannot be computed: {file} did not load.', zh: '无法计算：{file} 未能加载。' },
  cannotCompute: {
    en: 'This page cannot compute now, because its file {file} did not load. Check the connection, and what may block the file, then reload the page: the address keeps what is set.',
    zh: '本页暂时无法计算：所需的文件 {file} 未能加载。请检查网络，以及是否有程序拦截了它，然后重新载入页面：设置都保存在地址中。',
  },
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
  fetchedWhole: {
    en: 'This site sends files as a whole only, so all layers were fetched at once.',
    zh: '此网站只能整份发送文件，因此一次取回了全部层。',
  },
  nothingOpen: {
    en: 'Nothing is open. Choose an example, or open a file.',
    zh: '尚未打开任何内容。请选择示例，或打开文件。',
  },
  noHeads: {
    en: 'it has {batch} batch items of {heads} heads, and at least one of each is needed',
    zh: '其中有 {batch} 个批次项，每项 {heads} 个头；两者都至少要有一个',
  },
  noFile: { en: 'What was dropped holds no file.', zh: '拖入的内容不包含文件。' },
} as const satisfies Record<string, Text>;

/** What the defaults of tensors are called. */
export const tensorDefaults: Record<string, Text> = {
  identity: { en: 'identity', zh: '单位矩阵' },
  zeros: { en: 'zeros', zh: '全 0' },
  ones: { en: 'ones', zh: '全 1' },
  'ln 10': { en: 'ln 10', zh: 'ln 10' },
};
