// The project's README as the package carries it: what it links to comes along, or is named in words.

/** A link or an image, and where it leads. */
const LINK = /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)/g;

/**
 * Resolves the links of `readme`: to the package's own file where there is one, else its name stands in the text. A
 * picture that is not there goes with its line.
 *
 * @param {string} readme
 * @param {ReadonlySet<string>} files of the package, from its root.
 */
export function packagedReadme(readme, files) {
  // What stands between fences is code.
  const parts = readme.split(/^(```.*?^```$)/ms);
  return parts.map((part, at) => (at % 2 === 1 ? part : resolved(part, files))).join('');
}

function resolved(text, files) {
  const words = text.replace(LINK, (link, image, words, target) => {
    if (/^([a-z]+:|#)/.test(target)) return link;
    const file = packaged(target.split('#')[0]);
    if (files.has(file)) return `${image}[${words}](${file})`;
    if (image) return '';
    return target.includes(words) ? words : `${words} (\`${target}\`)`;
  });
  return words.replace(/\n{3,}/g, '\n\n');
}

/** Where the package has a file of the project: of its sources there are the types. */
const packaged = (file) => file.replace(/^www\/src\/(?:engine|generated)\/(\w+)\.ts$/, 'dist/$1.d.ts');
