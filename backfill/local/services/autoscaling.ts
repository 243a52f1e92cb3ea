import * as z from 'zod';
import { type Answer, type Exchange, parseBody } from '../appconfig/exchange.ts';
import { ServiceError } from '../appconfig/service-error.ts';

const PREFIX = 'AnyScaleFrontendService.';

const what = z.object({
  ServiceNamespace: z.literal('dynamodb'),
  ResourceId: z.string(),
  ScalableDimension: z.string().regex(/^dynamodb:(table|index):(Read|Write)CapacityUnits$/),
});
const target = what.extend({
  MinCapacity: z.int().optional(),
  MaxCapacity: z.int().optional(),
  SuspendedState: z.record(z.string(), z.boolean()).optional(),
});
const policy = what.extend({
  PolicyName: z.string(),
  PolicyType: z.literal('TargetTrackingScaling'),
  TargetTrackingScalingPolicyConfiguration: z.looseObject({ TargetValue: z.number() }),
});
const listTargets = what.pick({ ServiceNamespace: true }).extend({
  ResourceIds: z.array(z.string()).optional(),
  ScalableDimension: z.string().optional(),
});
const listPolicies = what.partial({ ResourceId: true, ScalableDimension: true });

/**
 * Application Auto Scaling's operations on scalable targets and target-tracking policies of tables. They are kept in memory and
 * told; nothing is ever scaled.
 *
 * @returns what answers; undefined for the target of another service.
 */
export function scalingService(): (operation: string, exchange: Exchange) => Answer | undefined {
  const targets = new Map<string, z.infer<typeof target>>();
  const policies = new Map<string, z.infer<typeof policy>>();
  const key = ({ ResourceId, ScalableDimension }: z.infer<typeof what>) => `${ResourceId} ${ScalableDimension}`;
  const operations: Readonly<Record<string, (exchange: Exchange) => object>> = {
    RegisterScalableTarget(exchange) {
      const given = parseBody(exchange, target);
      targets.set(key(given), { ...targets.get(key(given)), ...given });
      return {};
    },
    DescribeScalableTargets(exchange) {
      const { ResourceIds: ids, ScalableDimension: dimension } = parseBody(exchange, listTargets);
      const found = [...targets.values()].filter(
        (each) =>
          (ids?.includes(each.ResourceId) ?? true) && (dimension ?? each.ScalableDimension) === each.ScalableDimension,
      );
      return { ScalableTargets: found };
    },
    PutScalingPolicy(exchange) {
      const given = parseBody(exchange, policy);
      if (!targets.has(key(given))) {
        throw new ServiceError(400, 'ObjectNotFoundException', `There is no scalable target ${key(given)}.`);
      }
      policies.set(`${key(given)} ${given.PolicyName}`, given);
      return { PolicyARN: `arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:${given.PolicyName}`, Alarms: [] };
    },
    DescribeScalingPolicies(exchange) {
      const { ResourceId: id, ScalableDimension: dimension } = parseBody(exchange, listPolicies);
      const found = [...policies.values()].filter(
        (each) =>
          (id ?? each.ResourceId) === each.ResourceId &&
          (dimension ?? each.ScalableDimension) === each.ScalableDimension,
      );
      return { ScalingPolicies: found };
    },
  };
  return (operation, exchange) => {
    const answer = operation.startsWith(PREFIX) ? operations[operation.slice(PREFIX.length)] : undefined;
    return answer && { status: 200, body: answer(exchange) };
  };
}
