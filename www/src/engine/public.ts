// Everything that the package exports, the same from both entries.
export {
  attention,
  attentionFlow,
  configure,
  headImportance,
  init,
  multiHeadAttention,
  openAttention,
  openCapture,
  paint,
  rollout,
  sinkMetric,
  statusNames,
  valueNorms,
  valueWeightedNorms,
  compareWeights,
} from './engine.ts';
export { QkscopeError } from './error.ts';
export type { ErrorCode } from './error.ts';
export { catalog } from '../generated/catalog.ts';
export type {
  Catalog,
  CatalogMember,
  CatalogParameter,
  ChoiceParameter,
  FlagParameter,
  NumberParameter,
  TensorParameter,
  Text,
} from '../generated/catalog.ts';
export type * from './api.ts';
