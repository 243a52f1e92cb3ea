import { randomUUID } from 'node:crypto';
import type { Answer, Exchange, Route } from '../appconfig/exchange.ts';
import { serve } from '../appconfig/http-edge.ts';
import { type Parameters, parameterRoutes } from '../appconfig/parameter-store.ts';
import { ServiceError } from '../appconfig/service-error.ts';
import type { Executions } from '../cloud/executions.ts';
import { getCallerIdentity } from './identity.ts';
import { type LocalMappings, mappingRoutes } from './mappings.ts';
import { answerStepFunctions, STEP_FUNCTIONS } from './step-functions.ts';

export interface ServicesOptions {
  /** The account that the credentials of every caller are of. */
  readonly account: string;
  /** What Parameter Store holds. Read at each request. */
  readonly parameters: Parameters;
  /** Event source mappings of Lambda; none where it is absent. */
  readonly mappings?: LocalMappings;
  /** Of Step Functions; none where it is absent. */
  readonly executions?: Executions;
  readonly nowMs: () => number;
}

/** Stand-ins for the services of an account, all at one address. */
export interface Services {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts stand-ins for STS, Systems Manager, Step Functions and Lambda's event source mappings, as far as the product asks them. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { nowMs, mappings = () => [] } = options;
  const routes: Route[] = [{ method: 'POST', path: '/', answer: answerer(options) }, ...mappingRoutes(mappings)];
  return serve({ routes, nowMs, save: async () => {} });
}

/**
 * All post to `/`. STS speaks the query protocol: the operation is in a form. Systems Manager speaks JSON 1.1 and Step Functions JSON 1.0: the operation
 * is in a header (Smithy, "AWS query protocol", "AWS JSON 1.1 protocol" and "AWS JSON 1.0 protocol").
 */
function answerer({ account, parameters, executions }: ServicesOptions): Route['answer'] {
  const [store] = parameterRoutes(parameters);
  return (exchange: Exchange): Answer | Promise<Answer> => {
    const target = exchange.headers['x-amz-target'];
    if (target?.startsWith(STEP_FUNCTIONS) && executions) return answerStepFunctions(exchange, executions);
    if (target?.startsWith('AmazonSSM.') && store) return store.answer(exchange);
    if (target === undefined && new URLSearchParams(exchange.body.toString()).get('Action') === 'GetCallerIdentity') {
      return getCallerIdentity(exchange, account, randomUUID());
    }
    throw new ServiceError(404, 'UnknownOperationException', `${target ?? 'This operation'} is not known here.`);
  };
}
