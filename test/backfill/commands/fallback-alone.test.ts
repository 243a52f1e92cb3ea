import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { publishedNames } from '../../../functions/flag/names.ts';
import { ALL_AT_ONCE, APPLICATION, ENVIRONMENT, LINEAR, PROFILE, standIn } from '../../local/appconfig/stand-in.ts';
import { runCli } from '../../run-cli.ts';

/** A server that takes every connection and never answers. */
async function silentServer(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a fallback needs nothing of DynamoDB, says so at once, and ends', async () => {
  const names = publishedNames('local');
  const ids = {
    applicationId: APPLICATION,
    profileId: PROFILE,
    widenStrategyId: LINEAR,
    fallbackStrategyId: ALL_AT_ONCE,
  };
  const { url } = await standIn({
    parameters: { [names.flag]: JSON.stringify(ids), [names.environment]: ENVIRONMENT },
  });
  const startedMs = Date.now();
  const { exitCode, stdout, stderr } = await runCli(['fallback'], {
    AWS_ENDPOINT_URL_APPCONFIG: url,
    AWS_ENDPOINT_URL_DYNAMODB: await silentServer(),
  });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: 'This command is not in the record of operations: There was no answer within 10 s.\n',
  });
  expect(stdout).toMatch(
    /^All reads were already on the old tables\.\n[\s\S]*^Next: npm run -s kpi-migrate -- status$/m,
  );
  expect(Date.now() - startedMs).toBeLessThan(40_000);
});
