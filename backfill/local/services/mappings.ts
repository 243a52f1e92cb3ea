import * as z from 'zod';
import { type Answer, parseBody, type Route } from '../appconfig/exchange.ts';
import { ServiceError } from '../appconfig/service-error.ts';

/** An event source mapping of the local cloud, as Lambda's API shows and changes it. */
export interface LocalMapping {
  readonly id: string;
  readonly functionId: string;
  readonly streamArn: string;
  /** Lambda API Reference, EventSourceMappingConfiguration, State. */
  readonly state: 'Enabled' | 'Disabling' | 'Disabled';
  readonly lastResult: string;
  setEnabled(enabled: boolean): void;
}

/** Mappings by id. Read at each request. */
export type LocalMappings = () => readonly LocalMapping[];

const PATH = '/2015-03-31/event-source-mappings';
const change = z.object({ Enabled: z.boolean().optional() });

/** Lambda's Get-, List- and UpdateEventSourceMapping; an update changes nothing but whether it is enabled. */
export function mappingRoutes(mappings: LocalMappings): Route[] {
  const find = (id: string | undefined): LocalMapping => {
    const found = mappings().find((mapping) => mapping.id === id);
    if (found) return found;
    throw new ServiceError(404, 'ResourceNotFoundException', `There is no event source mapping ${id}.`);
  };
  const list: Route['answer'] = ({ query }) => {
    const [arn, name] = [query.get('EventSourceArn'), query.get('FunctionName')];
    const matching = mappings().filter(
      ({ streamArn, functionId }) => (arn === null || arn === streamArn) && (name === null || name === functionId),
    );
    return { status: 200, body: { EventSourceMappings: matching.map(configurationOf) } };
  };
  return [
    { method: 'GET', path: PATH, answer: list },
    { method: 'GET', path: `${PATH}/`, answer: list },
    { method: 'GET', path: `${PATH}/{Id}`, answer: ({ path }) => ok(find(path.Id)) },
    {
      method: 'PUT',
      path: `${PATH}/{Id}`,
      answer: (exchange) => {
        const mapping = find(exchange.path.Id);
        const { Enabled } = parseBody(exchange, change);
        if (Enabled !== undefined) mapping.setEnabled(Enabled);
        return { ...ok(mapping), status: 202 };
      },
    },
  ];
}

function ok(mapping: LocalMapping): Answer {
  return { status: 200, body: configurationOf(mapping) };
}

function configurationOf({ id, functionId, streamArn, state, lastResult }: LocalMapping) {
  return {
    UUID: id,
    FunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionId}`,
    EventSourceArn: streamArn,
    State: state,
    LastProcessingResult: lastResult,
  };
}
