import * as z from 'zod';
import { parseBody, type Route } from '../appconfig/exchange.ts';
import { ServiceError } from '../appconfig/service-error.ts';
import { THROTTLE_ERRORS, type Throttles } from '../throttles/throttles.ts';

const throttle = z.strictObject({
  readUnitsPerSecond: z.number().positive().optional(),
  writeUnitsPerSecond: z.number().positive().optional(),
  burstSeconds: z.number().nonnegative().optional(),
  operations: z.array(z.string()).optional(),
  error: z.enum(THROTTLE_ERRORS).optional(),
});

/** The switch of the throttles, for whoever is in another process. It is no service of AWS's. */
export function throttleRoutes(throttles: Throttles | undefined): Route[] {
  const required = (): Throttles => {
    if (throttles) return throttles;
    throw new ServiceError(
      409,
      'ConflictException',
      'Tables can only be throttled if it was started with --throttles.',
    );
  };
  const all: Route['answer'] = () => ({ status: 200, body: Object.fromEntries(required().all()) });
  return [
    { method: 'GET', path: '/throttles', answer: all },
    {
      method: 'PUT',
      path: '/throttles/{Resource}',
      answer(exchange) {
        required().set(exchange.path.Resource ?? '', parseBody(exchange, throttle));
        return all(exchange);
      },
    },
    {
      method: 'DELETE',
      path: '/throttles/{Resource}',
      answer(exchange) {
        required().clear(exchange.path.Resource ?? '');
        return all(exchange);
      },
    },
  ];
}
