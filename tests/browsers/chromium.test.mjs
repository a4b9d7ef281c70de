import { startChromium } from './chromium.mjs';
import { runScenarios } from './run.mjs';

await runScenarios('chromium', startChromium);
