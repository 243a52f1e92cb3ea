import { afterEach, expect, test } from 'vitest';
import {
  announceLocalCloud,
  localAppConfigEndpoint,
  localEndpoint,
  runningClouds,
  withdrawLocalCloud,
} from '../../backfill/local-endpoint.ts';

const MINE = { dynamodb: 'http://127.0.0.1:1', appconfig: 'http://127.0.0.1:2' };

afterEach(withdrawLocalCloud);

test('a local cloud is found while it runs, beside others', () => {
  announceLocalCloud(MINE);
  expect(runningClouds()).toContainEqual(expect.objectContaining(MINE));
  withdrawLocalCloud();
  expect(runningClouds()).not.toContainEqual(expect.objectContaining(MINE));
});

test('a flag is that of the tables, or none', () => {
  announceLocalCloud(MINE);
  expect(localAppConfigEndpoint({ AWS_ENDPOINT_URL_DYNAMODB: MINE.dynamodb })).toBe(MINE.appconfig);
  expect(localAppConfigEndpoint({ AWS_ENDPOINT_URL_APPCONFIG: 'http://other' })).toBe('http://other');
  expect(localEndpoint({ AWS_ENDPOINT_URL_DYNAMODB: 'http://other' })).toBe('http://other');
  expect(() => localAppConfigEndpoint({ AWS_ENDPOINT_URL_DYNAMODB: 'http://other' })).toThrow(/No local cloud/);
});
