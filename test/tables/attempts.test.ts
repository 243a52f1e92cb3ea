import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeEach, expect, test } from 'vitest';
import { guardAttempts } from '../../functions/tables/dynamo/attempts.ts';

/** What the wire answers, attempt by attempt: a status, or a broken connection. */
type Answer = { readonly status: number; readonly type?: string } | 'broken';

let told: string[];
let requests: Record<string, string>[];

function clientThat(...answers: Answer[]): DynamoDBClient {
  const requestHandler = {
    async handle(request: { headers: Record<string, string> }) {
      requests.push(request.headers);
      told.push('sent');
      const answer = answers.shift() ?? { status: 200 };
      if (answer === 'broken') throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      const body = new TextEncoder().encode(JSON.stringify({ __type: answer.type }));
      const headers = { 'content-type': 'application/x-amz-json-1.0' };
      const { Readable } = await import('node:stream');
      return { response: { statusCode: answer.status, headers, body: Readable.from([body]) } };
    },
  };
  return new DynamoDBClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: requestHandler as never,
    maxAttempts: 3,
  });
}

beforeEach(() => {
  told = [];
  requests = [];
});

async function put(client: DynamoDBClient, requireAllowed = (): void => {}): Promise<unknown> {
  const command = new BatchWriteItemCommand({ RequestItems: { t: [{ PutRequest: { Item: { id: { S: 'a' } } } }] } });
  guardAttempts(command, {
    requireAllowed() {
      told.push('asked');
      requireAllowed();
    },
    unanswered: () => told.push('unanswered'),
    throttled: () => told.push('throttled'),
  });
  return client.send(command).catch((error: Error) => error.name);
}

test('each attempt is asked for when it is signed, just before it leaves', async () => {
  await put(clientThat('broken', { status: 200 }));
  expect(told).toEqual(['asked', 'sent', 'unanswered', 'asked', 'sent']);
  for (const headers of requests) expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 /);
});

test('what is not allowed does not leave, and is not tried again', async () => {
  const refuse = (): void => {
    throw new RangeError('lost');
  };
  expect(await put(clientThat(), refuse)).toBe('RangeError');
  expect(told.filter((each) => each !== 'unanswered')).toEqual(['asked']);
  expect(requests).toEqual([]);
});

test.each<[string, Answer, string[]]>([
  ['an error of the service itself may have done it', { status: 500, type: 'InternalServerError' }, ['unanswered']],
  ['throttling has not', { status: 400, type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException' }, ['throttled']],
  ['a refusal has not', { status: 400, type: 'com.amazonaws.dynamodb.v20120810#ValidationException' }, []],
])('%s', async (_, answer, expected) => {
  await put(clientThat(answer));
  expect(told.slice(0, 2 + expected.length)).toEqual(['asked', 'sent', ...expected]);
});
