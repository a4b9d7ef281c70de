// What a stage of the pipeline is called.

import { catalog } from '../generated/catalog.ts';
import type { Language } from '../views/parts/text.ts';

export function stageName(stage: string, language: Language): string {
  return catalog.stages.find(({ id }) => id === stage)?.label[language] ?? stage;
}
