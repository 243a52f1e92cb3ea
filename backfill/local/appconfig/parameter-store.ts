import * as z from 'zod';
import { type Exchange, parseBody, type Route } from './exchange.ts';
import { ServiceError } from './service-error.ts';

/** Values by name. */
export type Parameters = Readonly<Record<string, string>>;

const TARGET = 'AmazonSSM.GetParameters';

/** "A list of 1 to 10 items" (Systems Manager API Reference, GetParameters). */
const getParametersBody = z.object({ Names: z.array(z.string()).min(1).max(10) });

/**
 * Systems Manager's Parameter Store, as far as the product asks it: GetParameters, which answers for names that there
 * are not with a list of these and no error (Systems Manager API Reference).
 */
export function parameterRoutes(parameters: Parameters): readonly Route[] {
  return [{ method: 'POST', path: '/', answer: (exchange) => ({ status: 200, body: answerTo(exchange, parameters) }) }];
}

function answerTo(exchange: Exchange, parameters: Parameters): object {
  const target = exchange.headers['x-amz-target'];
  if (target !== TARGET) throw new ServiceError(400, 'UnknownOperationException', `${target} is not known here.`);
  const { Names } = parseBody(exchange, getParametersBody);
  const known = Names.filter((name) => Object.hasOwn(parameters, name));
  return {
    Parameters: known.map((Name) => ({ Name, Type: 'String', Value: parameters[Name], Version: 1 })),
    InvalidParameters: Names.filter((name) => !known.includes(name)),
  };
}
