// Stands in the pages before their own scripts: what goes wrong is kept, as text, in `globalThis.wrongs`.
//
// Not every browser says over its protocol what it writes to the console.

globalThis.wrongs = [];
{
  const keep = (what, ...more) => globalThis.wrongs.push([what, ...more].map(String).join(' '));
  const { error } = console;
  console.error = (...given) => {
    keep('console.error:', ...given);
    error.apply(console, given);
  };
  // Captured, since files that do not load are told to their elements alone.
  addEventListener(
    'error',
    ({ message, target }) =>
      keep('error:', message ?? `${target?.localName} did not load ${target?.src || target?.href}`),
    true,
  );
  addEventListener('unhandledrejection', ({ reason }) => keep('unhandled rejection:', reason));
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
    keep('policy violation:', violatedDirective, blockedURI, sourceFile, lineNumber),
  );
}
