// The words of the sections, which are there from the start: each claims something, and has a test that recomputes it.

import type { Text } from '../../generated/catalog.ts';
import type { SectionId, Words } from './section.ts';

export const WORDS = {
  plane: {
    id: 'plane',
    title: { en: 'Why q·k is a similarity, and of what', zh: 'q·k 为何是相似度，又是什么的相似度' },
    lead: {
      en: 'A dot product multiplies number by number and adds up: same signs add, opposite signs take away. That is |q| |k| cos θ: both lengths times how well the directions agree, 1 along, 0 across, −1 against. Drag the arrows and watch.',
      zh: '点积把对应的数相乘，再全部相加：同号则加，异号则减。它等于 |q| |k| cos θ：两个长度，乘上方向的一致程度（同向为 1，垂直为 0，反向为 −1）。拖动箭头，看它如何变化。',
    },
  },
  spread: {
    id: 'spread',
    title: { en: 'Why divide by √d?', zh: '为什么要除以 √d？' },
    lead: {
      en: 'q·k adds up d products. For random vectors its standard deviation σ, how far from 0 it typically lies, is √d; divided by √d it is 1, whatever d is. One divisor for all keys is a temperature, no cosine: lengths still count, the ranking stays.',
      zh: 'q·k 是 d 个乘积之和。对随机向量，它的标准差 σ（通常离 0 多远）为 √d；除以 √d 后，不论 d 多大都为 1。对所有键相同的除数是温度，不是余弦相似度：长度仍起作用，排序不变。',
    },
  },
  steps: {
    id: 'steps',
    title: { en: 'One query, step by step', zh: '一个查询，逐步来看' },
    lead: {
      en: 'Choose a word, the query, and follow its row: each key gets a score, the scores become weights that sum to one, and the weights say how much of each key’s value goes into the output.',
      zh: '选一个词作查询，跟着它这一行走：每个键得到一个分数，分数变成总和为 1 的注意力权重，权重决定每个键的值有多少进入输出。',
    },
  },
  links: {
    id: 'links',
    title: { en: 'Who looks at whom', zh: '谁看向谁' },
    lead: {
      en: 'Each line leads from a query to a key; the thicker it is, the larger the weight. The weights that leave a query add up to 1. Those that arrive at a key add up to anything: some keys are looked at from all sides, others by hardly anyone.',
      zh: '每条线从一个查询通向一个键，线越粗，注意力权重越大。离开同一个查询的权重之和为 1；到达同一个键的权重之和则不限：有的键人人都看，有的几乎无人看。',
    },
  },
  heads: {
    id: 'heads',
    title: { en: 'Every head compares in its own way', zh: '每个头各有各的比较方式' },
    lead: {
      en: 'A layer runs several heads, each with query and key matrices of its own: the same tokens get other weights. Sort them by the weight on the token before, say; induction, looking at what followed the same token before, takes a text given twice.',
      zh: '一层中有多个并行的注意力头（多头），各有自己的查询矩阵和键矩阵，因此同样的词元在每个头中得到不同的权重。可按它们所做的事排列，例如看前一个词元，再打开其中一个；归纳，即看同一词元上次出现之后跟着什么，要用重复两次的文字测量。',
    },
  },
  compare: {
    id: 'compare',
    title: { en: 'How far apart are two heads?', zh: '两个头相差多远？' },
    lead: {
      en: 'Lay two weight matrices side by side. Divergence says how far two rows of weights are from one another: 0 bits, the same shares; 1 bit, no key in common.',
      zh: '把两个注意力权重矩阵并排放置。散度说明两行权重相距多远：0 比特，各键所占份额相同；1 比特，没有一个共同的键。',
    },
  },
  student: {
    id: 'student',
    title: { en: 'Students and teachers', zh: '学生与教师' },
    lead: {
      en: 'Distillation trains a small network, the student, to act like a large one, the teacher. Which of its layers should learn from which? The same q·k and softmax choose: student layers are queries, teacher layers keys, and soft is the temperature.',
      zh: '蒸馏是训练一个小网络（学生）去模仿一个大网络（教师）。哪一层该向哪一层学？选择的仍是 q·k 与 softmax：学生的层是查询，教师的层是键，soft 就是温度。',
    },
  },
} as const satisfies { readonly [id in SectionId]: Words };

/** The leads of those that say what weights sum to, where the normalizer of what is open leaves that open. */
export const UNSHARED = {
  steps: {
    en: 'Choose a word, the query, and follow its row: each key gets a score, the scores become weights, whose sum need not be one, and the weights say how much of each key’s value goes into the output.',
    zh: '选一个词作查询，跟着它这一行走：每个键得到一个分数，分数变成注意力权重，其总和不必为 1，权重决定每个键的值有多少进入输出。',
  },
  links: {
    en: 'Each line leads from a query to a key; the thicker it is, the larger the weight. Neither the weights that leave a query nor those that arrive at a key need add up to 1: some keys are looked at from all sides, others by hardly anyone.',
    zh: '每条线从一个查询通向一个键，线越粗，注意力权重越大。离开同一个查询的权重之和不必为 1，到达同一个键的也不限：有的键人人都看，有的几乎无人看。',
  },
} as const satisfies { readonly [id in SectionId]?: Text };
