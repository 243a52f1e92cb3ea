import {
  ApplicationAutoScalingClient,
  type ApplicationAutoScalingClientConfig,
  paginateDescribeScalableTargets,
  paginateDescribeScalingPolicies,
  type ScalableTarget,
} from '@aws-sdk/client-application-auto-scaling';
import { ANSWER_WITHIN_MS, type TablePart } from './table-part.ts';

/** How Application Auto Scaling changes the reads that are provisioned of a table or an index. */
export interface ReadScaling {
  readonly minUnits: number;
  readonly maxUnits: number;
  /** Percent of what is provisioned that it aims at; absent where no policy tracks one. */
  readonly targetPercent?: number;
  /** Somebody has suspended a part of it. */
  readonly isSuspended: boolean;
}

const NAMESPACE = { ServiceNamespace: 'dynamodb' } as const;

/** Resources in one request. The API names no bound; a page of the answer has 50 (API Reference, DescribeScalableTargets). */
const RESOURCES_MAX = 50;

/**
 * The autoscaling of reads, in the order of the parts; undefined where there is none.
 *
 * @throws the SDK's errors.
 */
export async function readScaling(
  config: ApplicationAutoScalingClientConfig,
  parts: readonly TablePart[],
): Promise<readonly (ReadScaling | undefined)[]> {
  const client = new ApplicationAutoScalingClient({ maxAttempts: 2, ...config });
  try {
    const targets = new Map<string, ScalableTarget>();
    for (let start = 0; start < parts.length; start += RESOURCES_MAX) {
      const ResourceIds = parts.slice(start, start + RESOURCES_MAX).map(resourceId);
      for await (const page of paginateDescribeScalableTargets({ client }, { ...NAMESPACE, ResourceIds }, options())) {
        for (const target of page.ScalableTargets ?? []) {
          if (target.ScalableDimension?.endsWith(':ReadCapacityUnits')) targets.set(target.ResourceId ?? '', target);
        }
      }
    }
    return await Promise.all(
      parts.map(async (part) => {
        const target = targets.get(resourceId(part));
        return target && scalingOf(target, await trackedPercent(client, target));
      }),
    );
  } finally {
    client.destroy();
  }
}

/** "table/my-table", "table/my-table/index/my-table-index" (API Reference, ScalableTarget). */
function resourceId({ table, index }: TablePart): string {
  return index === undefined ? `table/${table}` : `table/${table}/index/${index}`;
}

function scalingOf(target: ScalableTarget, targetPercent: number | undefined): ReadScaling {
  const { MinCapacity: minUnits = 0, MaxCapacity: maxUnits = 0, SuspendedState: suspended = {} } = target;
  return {
    minUnits,
    maxUnits,
    ...(targetPercent !== undefined && { targetPercent }),
    isSuspended: Object.values(suspended).includes(true),
  };
}

async function trackedPercent(
  client: ApplicationAutoScalingClient,
  { ResourceId, ScalableDimension }: ScalableTarget,
): Promise<number | undefined> {
  const pages = paginateDescribeScalingPolicies({ client }, { ...NAMESPACE, ResourceId, ScalableDimension }, options());
  for await (const { ScalingPolicies = [] } of pages) {
    for (const { TargetTrackingScalingPolicyConfiguration: tracking } of ScalingPolicies) {
      if (tracking?.TargetValue !== undefined) return tracking.TargetValue;
    }
  }
  return undefined;
}

function options() {
  return { abortSignal: AbortSignal.timeout(ANSWER_WITHIN_MS) };
}
