import { benchFanOut } from './fan-out.ts';
import { benchReadFunction } from './read-function.ts';
import { benchReads } from './reads.ts';
import { benchValidation } from './validation.ts';
import { benchValidationMemory } from './validation-memory.ts';

await benchReads();
await benchReadFunction();
await benchFanOut();
await benchValidation();
await benchValidationMemory();
