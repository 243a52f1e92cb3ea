import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { FunctionHost } from './function-host.ts';
import type { Stack, StackGuards, StackStream } from './template.ts';

/** Creates tables, unless a former start has. */
export async function createTables(client: DynamoDBClient, tables: readonly CreateTableCommandInput[]): Promise<void> {
  for (const table of tables) {
    await client.send(new CreateTableCommand(table)).catch((error: unknown) => {
      if (!(error instanceof ResourceInUseException)) throw error;
    });
  }
}

/** A host for each function of the stack that is bundled from this project. */
export function hostFunctions(
  { functions }: Stack,
  folders: { readonly assembly: string; readonly logs: string },
  environment: Readonly<Record<string, string>>,
): ReadonlyMap<string, FunctionHost> {
  return new Map(
    [...functions.values()].map((stackFunction) => {
      const file = stackFunction.handler.slice(0, stackFunction.handler.lastIndexOf('.'));
      const host = new FunctionHost({
        function: stackFunction,
        bundle: join(folders.assembly, stackFunction.asset, `${file}.js`),
        // By its key whoever stands before the engine knows who calls.
        environment: { ...environment, AWS_ACCESS_KEY_ID: stackFunction.id },
        logFile: join(folders.logs, `${stackFunction.id}.log`),
      });
      return [stackFunction.id, host];
    }),
  );
}

const IS_COMPLETE_INTERVAL_MS = 100;
const IS_COMPLETE_ATTEMPTS_MAX = 100;

/**
 * Turns a stream on by the stack's own functions, called as CDK's provider framework calls them.
 *
 * @returns the stream's ARN.
 */
export async function turnStreamOn(stream: StackStream, hosts: ReadonlyMap<string, FunctionHost>): Promise<string> {
  const event = { RequestType: 'Create', ResourceProperties: { TableName: stream.tableName } };
  await hosts.get(stream.onEventFunction)?.invoke(event);
  for (let attempt = 0; attempt < IS_COMPLETE_ATTEMPTS_MAX; attempt += 1) {
    const answer = (await hosts.get(stream.isCompleteFunction)?.invoke(event)) as
      | { IsComplete: boolean; Data?: { StreamArn: string } }
      | undefined;
    if (answer?.IsComplete && answer.Data) return answer.Data.StreamArn;
    await sleep(IS_COMPLETE_INTERVAL_MS);
  }
  throw new MigrationError('STREAM_NOT_ON', `The stream of ${stream.tableName} was not turned on in time.`);
}

/** Puts the guards on by the stack's own function, called as CDK's provider framework calls it. */
export async function putGuardsOn(
  { onEventFunction, properties }: StackGuards,
  hosts: ReadonlyMap<string, FunctionHost>,
): Promise<void> {
  await hosts.get(onEventFunction)?.invoke({ RequestType: 'Create', ResourceProperties: properties });
}
