// An npy file (version 1.0) as its parts, for a Blob: the header, then one matrix after the other.

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];

/** The header of numbers of the type `descr` in `shape`, in row-major order. */
export function npyHeader(descr: '|b1' | '<f4', shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  // Magic, version and length are 10 bytes; all of it ends with a line end at a multiple of 64.
  const room = Math.ceil((text.length + 11) / 64) * 64 - 10;
  const header = new TextEncoder().encode(`${text.padEnd(room - 1)}\n`);
  return Uint8Array.from([...MAGIC, room & 255, room >> 8, ...header]);
}
