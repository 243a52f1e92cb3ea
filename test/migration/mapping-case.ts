import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { OldContent } from '../../functions/migration/expected.ts';
import type { AttributeValue, Item } from '../../functions/model/attribute-value.ts';
import type { HeldRecords } from '../../functions/model/kpi.ts';

const CASES = join(import.meta.dirname, '../mapping-cases');

const item = z.record(z.string(), z.custom<AttributeValue>());
const items = z.array(item).default([]);
const named = z.strictObject({ source: z.string(), id: z.string(), code: z.string() });

const inputSchema = z.strictObject({
  rule: z.string(),
  heldRecords: z.enum(['hold', 'personal-link']),
  links: items,
  milestones: items,
  actuals: items,
  readings: items,
  kpis: items,
  people: items,
});

const expectedSchema = z.strictObject({
  kpiLinks: z.array(item),
  kpiData: z.array(item),
  held: z.array(z.strictObject({ source: z.string(), id: z.string() })),
  quarantined: z.array(named),
  warnings: z.array(named),
  unknownAttributes: z.record(z.string(), z.number()).default({}),
});

/** One folder of test/mapping-cases. */
export interface MappingCase {
  readonly name: string;
  /** The rule of tables.md that the case is about, in a sentence. */
  readonly rule: string;
  readonly heldRecords: HeldRecords;
  readonly old: OldContent;
  readonly expected: z.infer<typeof expectedSchema>;
}

/** All cases, by the names of their folders; a file that is not of the cases' form is refused. */
export function mappingCases(): MappingCase[] {
  return readdirSync(CASES).map((name) => {
    const { rule, heldRecords, ...old } = inputSchema.parse(readJson(join(CASES, name, 'input.json')));
    const expected = expectedSchema.parse(readJson(join(CASES, name, 'expected.json')));
    return { name, rule, heldRecords, old, expected };
  });
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'), expandRepeats);
}

/** `{ "repeat": "ab", "times": 2 }` stands for the text `abab`, anywhere. */
export function expandRepeats(_key: string, value: unknown): unknown {
  const repeated = z.strictObject({ repeat: z.string(), times: z.int().positive() }).safeParse(value);
  return repeated.success ? repeated.data.repeat.repeat(repeated.data.times) : value;
}

/** Rows by id, so that their order plays no part. */
export function sortedById(rows: Iterable<Item>): Item[] {
  return [...rows].sort((left, right) => (JSON.stringify(left.id) < JSON.stringify(right.id) ? -1 : 1));
}
