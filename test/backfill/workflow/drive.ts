import { randomUUID } from 'node:crypto';
import { type CoordinateOptions, coordinate } from '../../../backfill/workflow/coordinate.ts';
import type { LastStep, NextStep, Order } from '../../../backfill/workflow/orders.ts';
import { type SegmentOptions, workOnSegment } from '../../../backfill/workflow/segment.ts';
import { backfillOptions, LEASE_MS } from '../backfill-options.ts';

type WorkflowOptions = CoordinateOptions & SegmentOptions;

/** A workflow by these tables alone, in two segments, with the machine's clock. */
export function workflowOptions(
  replication: WorkflowOptions['replication'],
  data: WorkflowOptions['data'],
  group: string,
): WorkflowOptions {
  return {
    ...backfillOptions({ replication, data }),
    ...{ group, leaseMaxMs: LEASE_MS, steadyMs: Date.now, newToken: randomUUID },
    ...{ maxConcurrency: 2, toleratedFailurePercent: 0, note: () => {}, onScanned: () => {} },
  };
}

interface Drive {
  /** Stops before the segments of this pass. */
  readonly until?: Order['pass'];
  /** Takes every step. */
  readonly seen?: NextStep[];
  readonly wait?: (seconds: number) => void;
}

/** Does what the state machine does, with workers that all end. @returns the step that it stopped at. */
export async function driveWorkflow(options: WorkflowOptions, drive: Drive = {}): Promise<NextStep> {
  const { until, seen = [], wait = () => {} } = drive;
  let last: LastStep = {};
  for (;;) {
    const step = await coordinate(options, last);
    seen.push(step);
    if (step.kind === 'wait') wait(step.waitSeconds);
    else if (step.kind !== 'segments' || step.order.pass === until) return step;
    else {
      const { order, segments } = step;
      const results = await Promise.all(segments.map((segment) => workOnSegment(options, order, segment)));
      if (results.some(({ outcome }) => outcome !== 'done')) throw new Error(JSON.stringify(results));
    }
    last = step as LastStep;
  }
}
