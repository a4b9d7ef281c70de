// The styles of a figure, one sheet for all of them: a strict policy of a page forbids style elements, and leaves these alone.

// The page's own style sheets, as far as views need them, bundled as text.
import css from './element.css';

let sheet: CSSStyleSheet | undefined;

export function figureSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}
