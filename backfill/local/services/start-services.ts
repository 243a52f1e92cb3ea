import { randomUUID } from 'node:crypto';
import type { Answer, Exchange, Route } from '../appconfig/exchange.ts';
import { serve } from '../appconfig/http-edge.ts';
import { type Parameters, parameterRoutes } from '../appconfig/parameter-store.ts';
import { ServiceError } from '../appconfig/service-error.ts';
import type { Executions } from '../cloud/executions.ts';
import type { Throttles } from '../throttles/throttles.ts';
import { scalingService } from './autoscaling.ts';
import { getCallerIdentity } from './identity.ts';
import { type LocalMappings, mappingRoutes } from './mappings.ts';
import { getMetricData, METRICS_TARGET } from './metrics.ts';
import { answerStepFunctions, STEP_FUNCTIONS } from './step-functions.ts';
import { throttleRoutes } from './throttle-routes.ts';

export interface ServicesOptions {
  /** The account that the credentials of every caller are of. */
  readonly account: string;
  /** What Parameter Store holds. Read at each request. */
  readonly parameters: Parameters;
  /** Event source mappings of Lambda; none where it is absent. */
  readonly mappings?: LocalMappings;
  /** Of Step Functions; none where it is absent. */
  readonly executions?: Executions;
  /** What throttles the tables and measures what they serve; absent where nothing does. */
  readonly throttles?: Throttles;
  readonly nowMs: () => number;
}

/** Stand-ins for the services of an account, all at one address. */
export interface Services {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts stand-ins for STS, Systems Manager, CloudWatch, Application Auto Scaling, Step Functions and Lambda's event source mappings,
 * as far as the product asks them.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { nowMs, mappings = () => [], throttles } = options;
  const routes: Route[] = [
    { method: 'POST', path: '/', answer: answerer(options) },
    ...mappingRoutes(mappings),
    ...throttleRoutes(throttles),
  ];
  return serve({ routes, nowMs, save: async () => {} });
}

/**
 * All post to `/`. STS speaks the query protocol: the operation is in a form. The others speak JSON: the operation is in a
 * header (Smithy, "AWS query protocol", "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol").
 */
function answerer({ account, parameters, executions, throttles }: ServicesOptions): Route['answer'] {
  const [store] = parameterRoutes(parameters);
  const scaling = scalingService();
  return (exchange: Exchange): Answer | Promise<Answer> => {
    const target = exchange.headers['x-amz-target'];
    if (target?.startsWith(STEP_FUNCTIONS) && executions) return answerStepFunctions(exchange, executions);
    if (target?.startsWith('AmazonSSM.') && store) return store.answer(exchange);
    if (target === METRICS_TARGET) return getMetricData(exchange, throttles?.record);
    const scaled = target === undefined ? undefined : scaling(target, exchange);
    if (scaled) return scaled;
    if (target === undefined && new URLSearchParams(exchange.body.toString()).get('Action') === 'GetCallerIdentity') {
      return getCallerIdentity(exchange, account, randomUUID());
    }
    throw new ServiceError(404, 'UnknownOperationException', `${target ?? 'This operation'} is not known here.`);
  };
}
