import {
  OLD_TABLE_OF,
  TABLE_ROLES,
  TABLES,
  type TableDefinition,
  type TableNames,
  type TableRole,
} from '../../../functions/migration/tables.ts';
import type { ErrorCode } from '../../../functions/model/error-codes.ts';
import type { KeySchema } from '../../../functions/model/key-schema.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import type { IndexShape, KeyShape, TableShape } from '../../../functions/tables/dynamo/descriptions.ts';

/** Something that must be fixed before the migration may write. */
export interface Finding {
  readonly code: ErrorCode;
  readonly role: TableRole;
  readonly table: string;
  readonly message: string;
  readonly nextStep: string;
}

interface IndexDemand {
  readonly key: KeyShape;
  /** What the reader takes from it beside the keys. */
  readonly projects: 'ALL' | readonly string[];
}

function shapeOf([partition, sort]: KeySchema): KeyShape {
  return { partition: { name: partition, type: 'S' }, ...(sort !== undefined && { sort: { name: sort, type: 'S' } }) };
}

/** Only those that the migration, or the application's next version, reads by. */
function demandedIndexes(role: TableRole): [name: string, demand: IndexDemand][] {
  const { madeBy, indexes, needs = {} }: TableDefinition = TABLES[role];
  return Object.entries(indexes).flatMap(([name, key]): [string, IndexDemand][] => {
    const projects = madeBy === 'migration' ? 'ALL' : needs[name];
    return projects === undefined ? [] : [[name, { key: shapeOf(key), projects }]];
  });
}

const STREAMED: ReadonlySet<TableRole> = new Set(Object.values(OLD_TABLE_OF));

/** The only view type from which a change tells every KPI that a record was and is in. */
const STREAM_VIEW_TYPE = 'NEW_AND_OLD_IMAGES';

/** Index states in which a query is answered whole. */
const INDEX_READY = new Set(['ACTIVE', 'UPDATING']);

/**
 * Compares the tables that are there with those that the migration needs. Pure.
 *
 * @param shapes by role, absent where a table does not exist.
 * @returns all that is wrong, in the order of the roles; empty where everything may start.
 */
export function checkTables(shapes: Partial<Record<TableRole, TableShape>>, names: TableNames): Finding[] {
  return TABLE_ROLES.flatMap((role) => checkTable(role, names[role], shapes[role]));
}

function checkTable(role: TableRole, table: string, shape: TableShape | undefined): Finding[] {
  const finding = (code: Finding['code'], message: string, nextStep: string): Finding => ({
    code,
    role,
    table,
    message,
    nextStep,
  });
  const deploy = 'Deploy the migration stack: npx cdk deploy --all -c environment=NAME.';
  const application = 'Ask the owner of the application to correct it; the migration never changes this table.';
  const { madeBy } = TABLES[role];
  const fix = madeBy === 'migration' ? deploy : application;
  const name = `tables.${role} of the settings in cdk.json`;
  if (shape === undefined) {
    const nextStep = madeBy === 'migration' ? deploy : `Correct ${name}, or the account and region.`;
    return [finding('TABLE_MISSING', 'The table does not exist.', nextStep)];
  }
  const key = describeKey(shapeOf(TABLES[role].key));
  if (describeKey(shape.key) !== key) {
    const message = `The table's key is ${describeKey(shape.key)} and not ${key}.`;
    return [finding('KEY_SCHEMA', message, `Correct ${name}: it names the wrong table.`)];
  }
  const findings: Finding[] = [];
  if (shape.status !== 'ACTIVE' && shape.status !== 'UPDATING') {
    findings.push(finding('TABLE_NOT_READY', `The table is ${shape.status}.`, 'Wait until it is ACTIVE.'));
  }
  if (STREAMED.has(role) && shape.streamViewType === undefined) {
    findings.push(
      finding('STREAM_OFF', 'The table has no stream, so changes made during the copy would be lost.', deploy),
    );
  }
  if (STREAMED.has(role) && shape.streamViewType !== undefined && shape.streamViewType !== STREAM_VIEW_TYPE) {
    const message = `The stream's view type is ${shape.streamViewType}, not ${STREAM_VIEW_TYPE}.`;
    const nextStep = `Ask the stream's owner to turn it off. Then deploy the migration stack, which turns on the right one.`;
    findings.push(finding('STREAM_VIEW_TYPE', message, nextStep));
  }
  for (const [indexName, indexDemand] of demandedIndexes(role)) {
    const wrong = checkIndex(indexName, indexDemand, shape.indexes.get(indexName));
    if (wrong) findings.push(finding(wrong.code, wrong.message, fix));
  }
  return findings;
}

function checkIndex(
  name: string,
  demand: IndexDemand,
  shape: IndexShape | undefined,
): { code: Finding['code']; message: string } | undefined {
  if (shape === undefined) return { code: 'INDEX_MISSING', message: `The index ${name} does not exist.` };
  if (describeKey(shape.key) !== describeKey(demand.key)) {
    const message = `The key of the index ${name} is ${describeKey(shape.key)} and not ${describeKey(demand.key)}.`;
    return { code: 'INDEX_UNFIT', message };
  }
  const { projects } = shape;
  const missing =
    demand.projects === 'ALL' ? ['all attributes'] : demand.projects.filter((each) => !projects.includes(each));
  if (projects !== 'ALL' && missing.length > 0) {
    return { code: 'INDEX_UNFIT', message: `The index ${name} does not project ${missing.join(', ')}.` };
  }
  if (!INDEX_READY.has(shape.status)) {
    return { code: 'INDEX_NOT_READY', message: `The index ${name} is ${shape.status}. Wait until it is ACTIVE.` };
  }
  return undefined;
}

function describeKey(shape: KeyShape): string {
  return [shape.partition, shape.sort]
    .filter((attribute) => attribute !== undefined)
    .map((attribute) => `${attribute.name} (${attribute.type})`)
    .join(', ');
}

/** A finding on one line: the table if it is of one, what is wrong, and what to do. */
export function describeFinding(finding: Pick<Finding, 'message' | 'nextStep'> & { readonly table?: string }): string {
  const about = finding.table === undefined ? '' : `${finding.table}: `;
  return `${about}${finding.message} ${finding.nextStep}`;
}

/** @throws MigrationError `PREFLIGHT_FAILED` with all findings, if there are any. */
export function requireNoFindings(findings: readonly Parameters<typeof describeFinding>[0][]): void {
  if (findings.length === 0) return;
  const lines = findings.map((finding) => `\n  ${describeFinding(finding)}`).join('');
  throw new MigrationError('PREFLIGHT_FAILED', `The tables are not as the migration needs them:${lines}`, {
    nextStep: 'Fix these, then run: kpi-migrate preflight. Nothing was written.',
  });
}
