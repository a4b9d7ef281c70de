// The consumers that take long: `npm run test:consumers`.

import { CONSUMERS } from './list.mjs';
import { tryConsumers } from './try.mjs';

tryConsumers(CONSUMERS.filter(({ quick }) => !quick));
