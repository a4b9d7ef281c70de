// What hands do, as WebDriver's actions: the two protocols of that name, old and new, share their form.

/** Keys that are no characters (WebDriver, section 17.4.2). */
const KEYS = {
  Backspace: '\uE003',
  Tab: '\uE004',
  Enter: '\uE007',
  Shift: '\uE008',
  Control: '\uE009',
  Escape: '\uE00C',
  End: '\uE010',
  Home: '\uE011',
  ArrowLeft: '\uE012',
  ArrowUp: '\uE013',
  ArrowRight: '\uE014',
  ArrowDown: '\uE015',
};

/** Steps of a mouse: a place in the window, or its button. */
export function mouseActions(steps) {
  const action = (step) => {
    if (step === 'down') return { type: 'pointerDown', button: 0 };
    if (step === 'up') return { type: 'pointerUp', button: 0 };
    return { type: 'pointerMove', duration: 0, x: Math.round(step[0]), y: Math.round(step[1]) };
  };
  return [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions: steps.map(action) }];
}

/** The wheel, turned down over a place by so many pixels. */
export const wheelActions = ([x, y], distance) => [
  {
    type: 'wheel',
    id: 'wheel',
    actions: [{ type: 'scroll', x: Math.round(x), y: Math.round(y), deltaX: 0, deltaY: distance, duration: 0 }],
  },
];

/** A key that is pressed while those before it are held: `Control+Shift+z`. */
export function keyActions(chord) {
  const keys = chord === '+' ? ['+'] : chord.split('+');
  const actions = (type, keys) => keys.map((key) => ({ type, value: KEYS[key] ?? key }));
  return [{ type: 'key', id: 'keys', actions: [...actions('keyDown', keys), ...actions('keyUp', keys.toReversed())] }];
}
