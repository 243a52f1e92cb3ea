import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, test } from 'vitest';
import { batchGet } from '../../functions/tables/dynamo/dynamo-reads.ts';
import { IncompleteBatchError } from '../../functions/tables/dynamo/failure-scope.ts';
import { retryTransient } from '../../functions/tables/dynamo/retry.ts';
import { connect } from '../../functions/tables/dynamo-tables.ts';

test('the rest of a batch that DynamoDB processed in part is requested again', async () => {
  const client = connect({ region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  const [one, two] = [{ id: { S: '1' } }, { id: { S: '2' } }];
  const mock = mockClient(client);
  mock
    .on(BatchGetItemCommand)
    .resolvesOnce({ Responses: { t: [one] }, UnprocessedKeys: { t: { Keys: [two] } } })
    .resolves({ Responses: { t: [two] } });
  const found = await batchGet(
    client,
    [one, two].map((key) => ({ tableName: 't', key })),
  );
  expect(found.map(({ item }) => item)).toEqual([one, two]);
  expect(mock.commandCalls(BatchGetItemCommand).map(({ args }) => args[0].input.RequestItems?.t?.Keys)).toEqual([
    [one, two],
    [two],
  ]);
});

test.each([
  ['a part of a batch', new IncompleteBatchError('part'), 2],
  ['throttling', Object.assign(new Error('slow down'), { name: 'ThrottlingException' }), 2],
  ['a request that is wrong', Object.assign(new Error('wrong'), { name: 'ValidationException' }), 1],
])('%s is retried as often as helps', async (_, error, calls) => {
  let made = 0;
  const answer = await retryTransient(async () => {
    made += 1;
    if (made === 1) throw error;
    return 'done';
  }).catch(() => 'failed');
  expect({ made, answer }).toEqual({ made: calls, answer: calls === 1 ? 'failed' : 'done' });
});
