// The views: each turns numbers into something to look at, and knows neither where they come from nor where it stands.

export * from './cell.ts';
export * from './compare.ts';
export * from './head.ts';
export * from './heads.ts';
export * from './links.ts';
export * from './mask.ts';
export * from './matrix.ts';
export * from './plane.ts';
export * from './spread.ts';
export * from './steps.ts';
export * from './student.ts';
