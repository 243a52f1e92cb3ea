import type { Run } from '../../functions/tables/control/documents.ts';

/** A backfill that came to its end before AGREEING was made. */
export const FINISHED_RUN: Run = {
  runId: 'run',
  startedAt: '2026-05-01T09:00:00.000Z',
  totalSegments: 4,
  isRepeat: false,
  finishedAt: '2026-05-01T10:00:00.000Z',
};
