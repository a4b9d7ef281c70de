// What `npm test` tries of the consumers.

import { CONSUMERS } from './list.mjs';
import { tryConsumers } from './try.mjs';

tryConsumers(CONSUMERS.filter(({ quick }) => quick));
