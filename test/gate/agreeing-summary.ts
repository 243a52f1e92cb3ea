import type { ValidationSummary } from '../../functions/tables/control/validation-report.ts';
import { sumOf } from '../../functions/validation/report.ts';

/** Of a validation that compared ten rows, all of them alike. */
export const AGREEING: ValidationSummary = {
  verdict: 'agree',
  at: '2026-05-01T11:30:00.000Z',
  mappingHash: 'mapping',
  coverage: 1,
  rowsCompared: 10,
  runId: 'run',
  reasons: [],
  counts: { ...sumOf([]), expected: 10, found: 10 },
};
