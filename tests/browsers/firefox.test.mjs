import { startFirefox } from './firefox.mjs';
import { runScenarios } from './run.mjs';

await runScenarios('firefox', startFirefox);
