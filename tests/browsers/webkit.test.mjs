import { startWebKit } from './webkit.mjs';
import { runScenarios } from './run.mjs';

await runScenarios('webkit', startWebKit);
