import * as z from 'zod';
import { type Answer, type Exchange, parseBody } from '../appconfig/exchange.ts';
import { ServiceError } from '../appconfig/service-error.ts';

const request = z.object({ Name: z.string().min(1) });

/** GetParameter of Systems Manager, for parameters of type String. */
export function getParameter(exchange: Exchange, parameters: ReadonlyMap<string, string>, nowMs: number): Answer {
  const { Name } = parseBody(exchange, request);
  const value = parameters.get(Name);
  if (value === undefined) throw new ServiceError(400, 'ParameterNotFound', `Parameter ${Name} not found.`);
  return {
    status: 200,
    headers: { 'Content-Type': 'application/x-amz-json-1.1' },
    body: { Parameter: { Name, Type: 'String', Value: value, Version: 1, LastModifiedDate: nowMs / 1_000 } },
  };
}
