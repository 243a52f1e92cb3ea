import { describe, expect, test } from 'vitest';
import { replicationProblems, replicationWarnings, type SourceHealth } from '../../functions/health/health.ts';
import { type SampledStream, sampleStream } from '../../functions/health/stream-sample.ts';
import { healthyAt } from './healthy.ts';

const NOW_MS = Date.parse('2026-05-01T12:00:00Z');
const LAG_MAX_MS = 60_000;

function withLinks(changes: Partial<SourceHealth>) {
  const health = healthyAt(NOW_MS);
  return { ...health, sources: { ...health.sources, links: { ...health.sources.links, ...changes } } };
}
const mapping = { state: 'Enabled', lastResult: 'OK', streamArn: 'stream-links' };

describe('the replication', () => {
  test('has no problem where every mapping delivers from the stream that the table has', () => {
    expect(replicationProblems(healthyAt(NOW_MS), LAG_MAX_MS, NOW_MS)).toEqual([]);
  });

  test.each<[code: string, what: string, changes: Partial<SourceHealth>]>([
    ['STREAM_OFF', 'a table without a stream', { currentStreamArn: undefined }],
    ['STREAM_REPLACED', 'a stream turned off and on', { currentStreamArn: 'stream-links-2' }],
    ['MAPPING_MISSING', 'a mapping that is gone', { mapping: undefined }],
    ['MAPPING_NOT_ENABLED', 'a disabled mapping', { mapping: { ...mapping, state: 'Disabled' } }],
    ['MAPPING_NOT_ENABLED', 'a mapping being disabled', { mapping: { ...mapping, state: 'Disabling' } }],
    ['MAPPING_NOT_ENABLED', 'a mapping still being made', { mapping: { ...mapping, state: 'Creating' } }],
    [
      'MAPPING_FAILING',
      'a mapping that lost a right',
      { mapping: { ...mapping, lastResult: 'PROBLEM: Lambda was denied kms:Decrypt' } },
    ],
    ['REPLICATION_STOPPED', 'a change that waits too long', { unreplicatedSinceMs: NOW_MS - LAG_MAX_MS - 1 }],
  ])('%s: %s', (code, _what, changes) => {
    const problems = replicationProblems(withLinks(changes), LAG_MAX_MS, NOW_MS);
    expect(problems.map((problem) => problem.code)).toEqual([code]);
    expect(problems[0]).toMatchObject({ message: expect.stringContaining('links'), nextStep: expect.any(String) });
  });

  test.each<[what: string, changes: Partial<SourceHealth>]>([
    ['a mapping that is being updated', { mapping: { ...mapping, state: 'Updating' } }],
    ['a stream without a change', { mapping: { ...mapping, lastResult: 'No records processed' } }],
    ['a source of which nothing is replicated yet', { replicatedThroughMs: undefined }],
    ['a change that is still within the bound', { unreplicatedSinceMs: NOW_MS - LAG_MAX_MS }],
  ])('has none with %s', (_what, changes) => {
    expect(replicationProblems(withLinks(changes), LAG_MAX_MS, NOW_MS)).toEqual([]);
  });

  test.each([
    ['that never came', undefined],
    ['of five minutes ago', healthyAt(NOW_MS - 300_000)],
  ])('is unknown with a heartbeat %s', (_what, health) => {
    expect(replicationProblems(health, LAG_MAX_MS, NOW_MS)).toMatchObject([{ code: 'HEARTBEAT_MISSING' }]);
  });

  test('warns of a third reader of a stream', () => {
    expect(replicationWarnings(healthyAt(NOW_MS))).toEqual([]);
    expect(replicationWarnings(withLinks({ mappingsOnStream: 2 }))).toEqual([expect.stringMatching(/links.*1 event/)]);
  });
});

describe('the sample of a stream', () => {
  /** A stream whose iterators are the instants of the first change after them; `-` is none. */
  function streamOf(open: readonly string[], beginning = '-'): SampledStream {
    return {
      ends: async () => Object.fromEntries(open.map((shardId) => [shardId, 'end'])),
      beginning: async () => beginning,
      firstAfter: async (iterator) => (iterator === '-' ? undefined : Number(iterator)),
    };
  }

  test.each<
    [what: string, iterators: string[], through: number | undefined, before: number | undefined, expected: unknown]
  >([
    ['nothing where there is no change', ['-', '-'], 100, undefined, undefined],
    ['nothing where the change is replicated', ['100'], 100, undefined, undefined],
    ['the oldest of the changes that are not', ['300', '200', '100'], 100, undefined, 200],
    ['a change where nothing was ever replicated', ['100'], undefined, undefined, 100],
    ['what it saw before and is still not replicated', ['-'], 100, 150, 150],
    ['nothing of what it saw before and is replicated now', ['-'], 150, 150, undefined],
    ['the older of before and now', ['200'], 100, 150, 150],
  ])('tells %s', async (_what, iterators, through, before, expected) => {
    const ends = Object.fromEntries(iterators.map((iterator, at) => [`shard-${at}`, iterator]));
    const state = { streamArn: 'arn', ends, ...(before !== undefined && { unreplicatedSinceMs: before }) };
    const found = await sampleStream(streamOf(Object.keys(ends)), 'arn', state, through);
    expect(Object.values(found.ends)).toEqual(iterators.map(() => 'end'));
    expect(found.unreplicatedSinceMs).toBe(expected);
  });

  test('reads a shard that has opened since from its beginning, and the last of one that has closed', async () => {
    const state = { streamArn: 'arn', ends: { parent: '300' } };
    expect(await sampleStream(streamOf(['child'], '200'), 'arn', state, 100)).toEqual({
      streamArn: 'arn',
      ends: { child: 'end' },
      unreplicatedSinceMs: 200,
    });
    expect((await sampleStream(streamOf(['child']), 'arn', state, 100)).unreplicatedSinceMs).toBe(300);
  });

  test('begins anew with another stream', async () => {
    const before = { streamArn: 'old', ends: { shard: '100' }, unreplicatedSinceMs: 50 };
    const fresh = { streamArn: 'arn', ends: { shard: 'end' } };
    expect(await sampleStream(streamOf(['shard'], '10'), 'arn', before, undefined)).toEqual(fresh);
    expect(await sampleStream(streamOf(['shard'], '10'), 'arn', undefined, undefined)).toEqual(fresh);
  });
});
