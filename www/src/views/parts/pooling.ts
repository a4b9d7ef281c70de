// Pooling along one axis, for plots whose axes are at different levels. Maxima are the kernel's; a mean is one of means, each of
// which counts alike, also where a mask or the end of the matrix left fewer cells in it.

/** How several numbers become one: the one of largest magnitude, or their mean. */
export type Pooling = 'max' | 'mean';

/** A grid of numbers, row-major. */
export interface Grid {
  values: Float32Array;
  rows: number;
  columns: number;
}

/** Pools every `size` neighbours of each row into one. -Infinity is a removed key, and counts only among its like. */
export function pooledColumns({ values, rows, columns }: Grid, size: number, pooling: Pooling): Grid {
  const width = Math.ceil(columns / size);
  const pooled = new Float32Array(rows * width);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const from = row * columns + column * size;
      const end = Math.min((row + 1) * columns, from + size);
      pooled[row * width + column] = pooling === 'max' ? largestOf(values, from, end) : meanOf(values, from, end);
    }
  }
  return { values: pooled, rows, columns: width };
}

/** The same for the rows of each column. */
export function pooledRows(grid: Grid, size: number, pooling: Pooling): Grid {
  return transposed(pooledColumns(transposed(grid), size, pooling));
}

function transposed({ values, rows, columns }: Grid): Grid {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      turned[column * rows + row] = values[row * columns + column] ?? NaN;
    }
  }
  return { values: turned, rows: columns, columns: rows };
}

/** The number of largest magnitude in a range, of x and −x the positive one; NaN where there is one. */
function largestOf(values: Float32Array, from: number, end: number): number {
  let largest = -Infinity;
  for (let at = from; at < end; at += 1) {
    const value = values[at] ?? NaN;
    if (Number.isNaN(value)) return NaN;
    if (value === -Infinity) continue;
    const more = Math.abs(value) - Math.abs(largest);
    if (largest === -Infinity || more > 0 || (more === 0 && value > largest)) largest = value;
  }
  return largest;
}

function meanOf(values: Float32Array, from: number, end: number): number {
  let [sum, count] = [0, 0];
  for (let at = from; at < end; at += 1) {
    const value = values[at] ?? NaN;
    if (value === -Infinity) continue;
    sum += value;
    count += 1;
  }
  return count > 0 ? sum / count : -Infinity;
}
