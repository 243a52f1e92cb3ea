import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { TableNames } from '../migration/tables.ts';
import { readKillSwitch } from './control/documents.ts';
import { dynamoPlainRows } from './dynamo/dynamo-plain-rows.ts';
import { callBriefly } from './dynamo/retry.ts';
import { connect } from './dynamo-tables.ts';
import { dynamoNewReads } from './new/dynamo-new-reads.ts';
import type { NewReads } from './new/new-reads.ts';
import { dynamoOldReads } from './old/dynamo-old-reads.ts';
import type { OldReads } from './old/old-reads.ts';

/** Both sides' tables as reads use them, and the switch that keeps reads on the old ones. */
export interface ReadTables {
  readonly old: OldReads;
  readonly new: NewReads;
  /** Whether the kill switch is set. */
  readonly readKillSwitch?: () => Promise<boolean>;
}

/** The new side is given up soon, since the old one can answer; the old side is the last that can, and is tried longer. */
const NEW_ATTEMPTS_MAX = 2;
const TIMEOUTS = { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/** For somebody who waits for an answer: a single call that the SDK gives up is not tried longer. */
function connectBriefly(config: DynamoDBClientConfig) {
  return callBriefly(connect({ requestHandler: TIMEOUTS, ...config }));
}

/** Connects to both sides by clients of their own, so that a new side that hangs takes no connection from the old one. */
export function connectReads(names: TableNames, config: DynamoDBClientConfig = {}): ReadTables {
  const control = dynamoPlainRows(connectBriefly(config), names.control);
  return {
    readKillSwitch: async () => (await readKillSwitch(control)) !== undefined,
    old: dynamoOldReads(connectBriefly(config), names),
    new: dynamoNewReads(connectBriefly({ maxAttempts: NEW_ATTEMPTS_MAX, ...config }), names),
  };
}
