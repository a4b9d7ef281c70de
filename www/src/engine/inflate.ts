/** Bytes inside a script or a page: gzipped, as base64, which costs next to nothing more to send than the bytes themselves. */
export function inflate(base64: string): Response {
  const text = atob(base64);
  const zipped = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) zipped[at] = text.charCodeAt(at);
  return new Response(new Blob([zipped]).stream().pipeThrough(new DecompressionStream('gzip')));
}
