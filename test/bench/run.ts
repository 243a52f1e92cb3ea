import { benchReadFunction } from './read-function.ts';
import { benchReads } from './reads.ts';

await benchReads();
await benchReadFunction();
