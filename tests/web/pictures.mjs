// Every view of the page as pictures: what is shown, how wide, in which theme and language, and which part of it is taken. The test,
// `npm run goldens` and the gallery all read this list.

/**
 * @typedef {object} View
 * @property {string} name of its pictures' files.
 * @property {string} [hash] what the address says behind `#`; as the page comes where it is missing.
 * @property {string} [section] the section of the story that it is; else it is the opening or a part of the explorer.
 * @property {string} [opens] what is pressed first.
 * @property {string} [until] what must be there then.
 * @property {string[]} parts selectors; the picture is the box around them. Text that is only read stays outside where it can.
 * @property {'light' | 'dark'} wide the theme of its wide picture; the narrow one has the other.
 * @property {{ en: string, zh: string }} title
 * @property {{ en: string, zh: string }} says what there is to see.
 */

/** @type {View[]} In the order of the page; what changes the page comes last. */
export const VIEWS = [
  {
    name: 'opening',
    parts: ['.top', '.lead'],
    wide: 'light',
    title: { en: 'Opening', zh: '开篇' },
    says: { en: 'The question that the page answers.', zh: '本页要回答的问题。' },
  },
  {
    name: 'plane',
    section: 'plane',
    parts: ['#plane .story-view'],
    wide: 'dark',
    title: { en: 'Arrows', zh: '箭头' },
    says: {
      en: 'A query and its keys in the plane, with the scores and weights that they make.',
      zh: '平面上的查询与键，以及由它们得出的分数和权重。',
    },
  },
  {
    name: 'spread',
    section: 'spread',
    parts: ['#spread .story-view'],
    wide: 'light',
    title: { en: 'Spread', zh: '离散程度' },
    says: {
      en: 'Why scores are divided by √d: how they spread as vectors grow longer.',
      zh: '分数为何要除以 √d：向量越长，分数越分散。',
    },
  },
  {
    name: 'steps',
    section: 'steps',
    parts: ['#steps .story-view'],
    wide: 'dark',
    title: { en: 'Steps', zh: '步骤' },
    says: { en: 'One query, from its scores to its output.', zh: '一个查询，从分数到输出。' },
  },
  {
    name: 'links',
    section: 'links',
    parts: ['#links .story-view'],
    wide: 'light',
    title: { en: 'Links', zh: '连线' },
    says: { en: 'Which token looks at which, as lines.', zh: '用连线表示哪个词元看向哪个词元。' },
  },
  {
    name: 'heads',
    section: 'heads',
    parts: ['#heads .story-view'],
    wide: 'dark',
    title: { en: 'Heads', zh: '注意力头' },
    says: { en: 'All heads of all layers as small maps.', zh: '所有层的所有头，各是一张小图。' },
  },
  {
    name: 'compare',
    section: 'compare',
    parts: ['#compare .story-view'],
    wide: 'light',
    title: { en: 'Comparison', zh: '比较' },
    says: { en: 'Two matrices side by side, and their difference.', zh: '两个矩阵并排，以及它们的差。' },
  },
  {
    name: 'student',
    section: 'student',
    parts: ['#student .story-view'],
    wide: 'dark',
    title: { en: 'Student and teacher', zh: '学生与教师' },
    says: {
      en: 'Layers of a student choose the layers of a teacher to learn from.',
      zh: '学生的各层选择向教师的哪些层学习。',
    },
  },
  {
    name: 'matrix',
    parts: ['.pickers', '.matrix-room'],
    wide: 'light',
    title: { en: 'Matrix', zh: '矩阵' },
    says: {
      en: 'Every query with every key, as colours, with the sums of rows and columns beside them.',
      zh: '每个查询与每个键，以颜色表示，旁边是各行各列的合计。',
    },
  },
  {
    name: 'cell',
    parts: ['.cell-panel'],
    wide: 'dark',
    title: { en: 'One cell', zh: '一个格子' },
    says: { en: 'The numbers of one query and one key.', zh: '一个查询与一个键的各项数值。' },
  },
  {
    name: 'mask',
    opens: '.mask-summary',
    until: '.mask-cursor',
    parts: ['.mask'],
    wide: 'light',
    title: { en: 'Mask', zh: '掩码' },
    says: { en: 'Which keys each query may see, to be painted.', zh: '每个查询能看到哪些键，可以涂改。' },
  },
  {
    name: 'microscope',
    hash: 'example=passage&layer=2&head=0&sight=8,150,150',
    parts: ['.pickers', '.matrix-room'],
    wide: 'dark',
    title: { en: 'Microscope', zh: '显微镜' },
    says: {
      en: 'A part of a passage of 424 tokens; the small picture in the corner says which.',
      zh: '424 个词元的一段文字中的一部分，角上的小图指明是哪一部分。',
    },
  },
];

/** The two ways in which each view is seen. */
const WIDE = /** @type {const} */ ({ width: 1280, height: 1000, language: 'en-US' });
const NARROW = /** @type {const} */ ({ width: 390, height: 844, language: 'zh-CN' });

/**
 * One picture of a view: `file` is its name without ending.
 *
 * @typedef {{ file: string, view: View, theme: 'light' | 'dark', width: number, height: number, language: string }} Picture
 */

/**
 * As few as show each view light and dark, wide and narrow, in English and in Chinese: two. Over all of them every theme is
 * seen at every width.
 *
 * @type {Picture[]}
 */
export const PICTURES = VIEWS.flatMap((view) => [
  { view, ...WIDE, theme: view.wide, file: `${view.name}-wide-${view.wide}` },
  { view, ...NARROW, theme: other(view.wide), file: `${view.name}-narrow-${other(view.wide)}` },
]);

function other(theme) {
  return theme === 'light' ? 'dark' : 'light';
}
