import { expect, test } from 'vitest';
import { createLegacyWriter, type LegacyWrite } from '../../../backfill/local/rehearsal/live-writer.ts';
import { seededRandom } from '../../../backfill/local/rehearsal/seeded-random.ts';
import { SOURCES, type Source } from '../../../functions/migration/sources.ts';
import type { Item } from '../../../functions/model/attribute-value.ts';

const initial = Object.fromEntries(
  SOURCES.map((source): [Source, Item[]] => [
    source,
    Array.from({ length: 40 }, (_, at) => ({
      id: { S: `${source}-${at}` },
      tenant_id: { S: 'tenant' },
      kpi_id: { S: `kpi-${at % 20}` },
      linked_at: { S: '2020-01-01T00:00:00Z' },
      goal_id: { S: 'goal' },
    })),
  ]),
) as unknown as Record<Source, Item[]>;

function writesOf(seed: number, count: number): LegacyWrite[] {
  const next = createLegacyWriter(seededRandom(seed), initial);
  return Array.from({ length: count }, next);
}

test('a seed gives the same writes again, another seed others', () => {
  expect(writesOf(7, 500)).toEqual(writesOf(7, 500));
  expect(writesOf(8, 500)).not.toEqual(writesOf(7, 500));
});

test('a thousand writes bring about every situation', () => {
  expect([...new Set(writesOf(7, 1_000).map((write) => write.why))].sort()).toEqual([
    'anchor moved',
    'id of another table',
    'link changed',
    'link deleted',
    'link inserted',
    'link moved',
    'link re-created',
    'malformed',
    'mended',
    'record changed',
    'record deleted',
    'record inserted',
    'record moved',
    'record re-created',
    'record re-created elsewhere',
  ]);
});
