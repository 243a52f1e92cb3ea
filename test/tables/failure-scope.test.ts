import * as dynamo from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TableNames } from '../../functions/migration/tables.ts';
import { MigrationError } from '../../functions/model/migration-error.ts';
import { ContentionError, OutOfTimeError } from '../../functions/sync/replication.ts';
import {
  type FailureScope,
  failureCode,
  IncompleteBatchError,
  scopeOf,
} from '../../functions/tables/dynamo/failure-scope.ts';
import { TransactionTooLargeError } from '../../functions/tables/dynamo/transactions.ts';
import { createTestTables, engineClient } from '../engine-client.ts';

/** An error as the SDK makes it of a service's answer. */
function answered(name: string, status = 400, message = 'refused'): Error {
  const $fault = status >= 500 ? 'server' : 'client';
  return new dynamo.DynamoDBServiceException({ name, $fault, message, $metadata: { httpStatusCode: status } });
}

function cancelled(...codes: (string | readonly [string, string])[]): Error {
  const CancellationReasons = codes.map((code) => ({ Code: [code].flat()[0] as string, Message: [code].flat()[1] }));
  return new dynamo.TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons });
}

const named = (name: string, more: object = {}): Error => Object.assign(new Error('no'), { name, ...more });

describe('a failure is of', () => {
  test.each<[FailureScope, string, unknown]>([
    ['item', 'a request that says something wrong of it', answered('ValidationException')],
    ['item', 'a collection that is full', answered('ItemCollectionSizeLimitExceededException')],
    ['item', 'a request that cannot be read', answered('SerializationException')],
    ['item', 'any other fault of the client', answered('SomethingNewException')],
    ['item', 'a request that is too large', answered('Unknown', 413)],
    ['item', 'a transaction of which one item is wrong', cancelled('None', 'ValidationError')],
    ['item', 'the same, though another was in conflict', cancelled('TransactionConflict', 'ValidationError')],
    ['item', 'the same, though another was throttled', cancelled('ThrottlingError', 'ItemCollectionSizeLimitExceeded')],
    ['item', 'a transaction cancelled for a reason of a new kind', cancelled('SomethingNew')],
    ['item', 'rows too large to be read at once', new TransactionTooLargeError(undefined)],
    ['item', 'a TypeError of our own', new TypeError('Cannot read properties of undefined')],
    ['item', 'a RangeError of our own', new RangeError('Invalid string length')],
    ['item', 'a URIError of our own', new URIError('URI malformed')],
    ['item', 'an Error of our own', new Error("The record's own KPI is missing from its snapshot.")],
    ['item', 'something thrown that is no error', 'text'],
    ['contention', 'a transaction in conflict', cancelled('None', 'TransactionConflict')],
    ['contention', 'a write in conflict', answered('TransactionConflictException')],
    ['contention', 'an item that came meanwhile', answered('DuplicateItemException')],
    ['contention', 'others that kept changing it', new ContentionError('a record')],
    ['whole', 'a transaction that was throttled', cancelled('TransactionConflict', 'ThrottlingError')],
    ['whole', 'a transaction without the right', cancelled('AccessDenied')],
    ['whole', 'a table that is not there', answered('ResourceNotFoundException')],
    ['whole', 'throttling beyond the retries', answered('ThrottlingException')],
    ['whole', 'capacity beyond the retries', answered('ProvisionedThroughputExceededException')],
    ['whole', 'a batch that stayed incomplete', new IncompleteBatchError('part')],
    ['whole', 'no right', answered('AccessDeniedException')],
    ['whole', 'bad credentials', answered('UnrecognizedClientException')],
    ['whole', 'credentials that ran out', answered('ExpiredTokenException')],
    ['whole', 'no credentials', named('CredentialsProviderError')],
    ['whole', 'a key that cannot be used', answered('KMSInvalidStateException')],
    ['whole', 'an unnamed refusal of who asks', answered('Unknown', 403)],
    ['whole', 'an unnamed throttle', answered('Unknown', 429)],
    ['whole', 'an error of the service', answered('InternalServerError', 500)],
    ['whole', 'an unnamed error of the service', answered('Unknown', 503)],
    ['whole', "a proxy's page for an answer", named('SyntaxError', { $metadata: { httpStatusCode: 200 } })],
    ['whole', 'a connection that broke', named('Error', { code: 'ECONNRESET', syscall: 'read' })],
    ['whole', 'a host that no one knows', named('Error', { code: 'ENOTFOUND' })],
    ['whole', 'a call that took too long', named('TimeoutError')],
    ['whole', 'no region', new Error('Region is missing')],
    ['whole', 'an abort', new DOMException('This operation was aborted', 'AbortError')],
    ['whole', 'time that ran out', new OutOfTimeError('a fan-out')],
    ['whole', 'a lease that was lost', new MigrationError('LEASE_LOST', 'lost')],
    ['whole', 'a table missing by our own error', new MigrationError('TABLE_MISSING', 'gone')],
    // A ValidationException that every item's request meets.
    [
      'whole',
      'an index that is not there',
      answered('ValidationException', 400, 'The table does not have the specified index: kpi-index'),
    ],
    [
      'whole',
      'an index that is being made',
      answered('ValidationException', 400, 'Cannot read from backfilling global secondary index: kpi-index'),
    ],
    [
      'whole',
      'a table of another key',
      answered('ValidationException', 400, 'The provided key element does not match the schema'),
    ],
    [
      'whole',
      'an index of another key',
      answered('ValidationException', 400, 'Query condition missed key schema element: kpi_id'),
    ],
    [
      'whole',
      'a table of another key, in a transaction',
      cancelled(['ValidationError', 'One or more parameter values were invalid: Missing the key pk in the item']),
    ],
  ])('%s: %s', (scope, _, error) => {
    expect(scopeOf(error)).toBe(scope);
  });

  test('one known scope for every exception that the SDK has of DynamoDB', () => {
    const names = Object.entries(dynamo)
      .filter(([, value]) => typeof value === 'function' && value.prototype instanceof dynamo.DynamoDBServiceException)
      .map(([name]) => name)
      .filter((name) => name !== 'TransactionCanceledException');
    expect(names.length).toBeGreaterThan(30);
    // An unknown name without any other trait is an item's: so a name is known if its scope is another, or it is listed here.
    const items = names.filter((name) => scopeOf(named(name)) === 'item');
    expect(items).toEqual(['ItemCollectionSizeLimitExceededException']);
  });

  test.each(Object.values(dynamo.BatchStatementErrorCodeEnum))(
    'a known scope for the code %s of a statement',
    (code) => {
      const items = ['ValidationError', 'ItemCollectionSizeLimitExceeded'];
      const contention = ['ConditionalCheckFailed', 'DuplicateItem', 'TransactionConflict'];
      const scope = items.includes(code) ? 'item' : contention.includes(code) ? 'contention' : 'whole';
      expect(scopeOf(cancelled(code))).toBe(scope);
    },
  );
});

describe("what the engine refuses of its own, and an index that isn't there", () => {
  const client = engineClient();
  let names: TableNames;
  beforeAll(async () => {
    names = await createTestTables();
  });
  const query = (IndexName: string, key: string, value: string) =>
    client.send(
      new dynamo.QueryCommand({
        TableName: names.people,
        IndexName,
        KeyConditionExpression: `${key} = :value`,
        ExpressionAttributeValues: { ':value': { S: value } },
      }),
    );
  const put = (Item: Record<string, dynamo.AttributeValue>, TableName = names.kpiData) =>
    client.send(new dynamo.PutItemCommand({ TableName, Item }));

  test.each<[FailureScope, string, () => Promise<unknown>]>([
    ['item', 'an empty key value of a query', () => query('linked-user-index', 'linked_user_id', '')],
    ['item', 'an empty key', () => put({ id: { S: '' } })],
    ['item', 'a key that is too long', () => put({ id: { S: 'x'.repeat(2_049) } })],
    ['item', 'an index key of another type', () => put({ id: { S: 'a' }, kpi_link_id: { N: '1' } })],
    ['item', 'an item that is too large', () => put({ id: { S: 'a' }, text: { S: 'x'.repeat(409_600) } })],
    ['item', 'a number that is too large', () => put({ id: { S: 'a' }, number: { N: '1e126' } })],
    ['whole', 'an index that is not there', () => query('no-such-index', 'linked_user_id', 'u1')],
    ['whole', 'an index by another key', () => query('linked-user-index', 'tenant_id', 'u1')],
    ['whole', 'a table that is not there', () => put({ id: { S: 'a' } }, 'no-such-table')],
    ['whole', 'a table of another key', () => put({ id: { S: 'a' } }, names.control)],
  ])('%s: %s', async (scope, _, call) => {
    const error = await call().catch((refusal: unknown) => refusal);
    expect({ scope: scopeOf(error), error }).toMatchObject({ scope, error: expect.any(Error) });
  });
});

test.each([
  ['ValidationException', answered('ValidationException')],
  ['ValidationError', cancelled('TransactionConflict', 'ValidationError')],
  ['CONTENTION', new ContentionError('a record')],
  ['TypeError', new TypeError('no')],
  ['string', 'text'],
  ['x'.repeat(80), named('x'.repeat(200))],
])('the code of a failure is %s', (code, error) => {
  expect(failureCode(error)).toBe(code);
});
