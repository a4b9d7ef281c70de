// Scores, normalizers and positions with their parameters as JSON has them.

import type { ProblemOptions } from '../engine/index.ts';
import { catalog } from '../generated/catalog.ts';
import { tensorOf } from './lists.ts';

/** Options of the problem that are lists of members, by their attributes. */
export const MEMBERS = ['score', 'normalizer', 'position'] as const;

type Name = (typeof MEMBERS)[number];

/** A member whose parameters are tensors where it says lists: `{"id":"softmax_sink","sinks":[0,1]}`. */
export function memberOf(name: Name, given: unknown): unknown {
  const { id, ...values } = Object(given) as Record<string, unknown>;
  const parameters = catalog[`${name}s`].find((member) => member.id === id)?.parameters ?? [];
  const lists = parameters.filter((parameter) => parameter.kind === 'tensor' && values[parameter.name] !== undefined);
  if (lists.length === 0) return given;
  const tensors = lists.map(({ name: own }) => [own, tensorOf(`${name}.${own}`, values[own], 1)] as const);
  return { id, ...values, ...Object.fromEntries(tensors) };
}

/** Options as JSON has them. */
export function optionsOf(given: object): ProblemOptions {
  const members = MEMBERS.filter((name) => name in given);
  return { ...given, ...Object.fromEntries(members.map((name) => [name, memberOf(name, Object(given)[name])])) };
}
