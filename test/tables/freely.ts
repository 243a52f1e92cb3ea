import type { Attempts } from '../../functions/tables/dynamo/attempts.ts';

/** Attempts that nothing forbids, and of which nobody wants to know. */
export const freely: Attempts = { requireAllowed: () => {}, unanswered: () => {}, throttled: () => {} };
