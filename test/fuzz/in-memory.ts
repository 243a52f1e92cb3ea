import { newSide } from '../../functions/read/sides/new-side.ts';
import { oldSide } from '../../functions/read/sides/old-side.ts';
import { memoryReads } from '../../functions/validation/memory-reads.ts';
import { migratedContent } from '../../functions/validation/self-proof.ts';
import { memoryNewReads, memoryOldReads } from '../read/memory-reads.ts';
import { compare } from '../validation/comparison.ts';
import { CONTROL_GROUP } from './control-group.ts';
import { faultsOf } from './known-faults.ts';
import { materialise } from './materialise.ts';
import { contentOf, oldWorldOf } from './old-world.ts';
import { requireEqualAnswers } from './read-answers.ts';
import { SKETCHED_TABLES, type SketchedTable, type World } from './sketch.ts';
import { isStorable } from './storable.ts';
import { mustFinish, requireSame, Violation } from './violation.ts';
import type { WireItem } from './wire.ts';

/**
 * The pure parts alone, over tables in memory that hold what the mapping says: it loses nothing, the validators agree and
 * count as it does, and both sides of a read answer alike. A hundred times as fast as the engine.
 *
 * @throws Violation
 */
export async function requirePureInvariants(world: World, withKnownFaults = false): Promise<void> {
  const { heldRecords, draw } = world;
  const stored = storedBy(world, withKnownFaults);
  const old = oldWorldOf(stored, heldRecords);
  const content = contentOf(stored);
  const reads = memoryReads(migratedContent(content, heldRecords));
  const { proven, inFlight, counts } = await mustFinish('validate', () => compare(reads, { heldRecords }));
  if (proven.length + inFlight.length > 0) {
    throw new Violation('validators agree', JSON.stringify([...proven, ...inFlight].slice(0, 3)));
  }
  const { expected } = old;
  const texts = (of: Readonly<Record<string, number>>) =>
    new Map(Object.entries(of).map(([name, count]) => [name, String(count)]));
  const rows = expected.kpiLinks.size + expected.kpiData.size;
  requireSame(
    'counts are right',
    'validate',
    texts({
      expected: rows,
      found: rows,
      held: expected.held.length,
      quarantined: expected.quarantined.length,
      warnings: expected.warnings.length,
    }),
    texts({
      expected: counts.sum('expected'),
      found: counts.sum('found'),
      held: counts.sum('held'),
      quarantined: counts.sum('quarantined'),
      warnings: counts.sum('warnings'),
    }),
  );
  const sides = { old: oldSide(memoryOldReads(content), heldRecords), new: newSide(memoryNewReads(expected)) };
  await requireEqualAnswers(sides, old, draw);
}

function storedBy(world: World, withKnownFaults: boolean): Record<SketchedTable, WireItem[]> {
  const tables = new Map<SketchedTable, Map<string, WireItem>>(SKETCHED_TABLES.map((table) => [table, new Map()]));
  const { initial, changes } = materialise(world);
  for (const write of [...CONTROL_GROUP, ...initial, ...changes]) {
    if (!withKnownFaults && faultsOf(write).length > 0) continue;
    const { table, id, item } = write;
    if (item === undefined) tables.get(table)?.delete(id);
    else if (isStorable(table, item)) tables.get(table)?.set(id, item);
  }
  return Object.fromEntries([...tables].map(([table, items]) => [table, [...items.values()]])) as Record<
    SketchedTable,
    WireItem[]
  >;
}
