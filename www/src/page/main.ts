// MAIN: the page starts here, as its address says.

import { Page } from './page.ts';
import { readLink } from './state.ts';

new Page(readLink(location.hash));
