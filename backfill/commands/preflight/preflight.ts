import type { ErrorCode } from '../../../functions/model/error-codes.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { DATE_ATTRIBUTE_OF } from '../../../functions/model/old-records.ts';
import type { IndexShape, KeyShape, TableShape } from '../../../functions/tables/dynamo/descriptions.ts';
import { TABLE_ROLES, type TableNames, type TableRole } from '../../../functions/tables/table-names.ts';

/** Something that must be fixed before the migration may write. */
export interface Finding {
  readonly code: ErrorCode;
  readonly role: TableRole;
  readonly table: string;
  readonly message: string;
  readonly nextStep: string;
}

interface Demand {
  /** Who creates the table, and so who can fix it. */
  readonly owner: 'application' | 'migration';
  readonly key: KeyShape;
  readonly streamed: boolean;
  /** Only those that the migration, or the application's next version, reads by. */
  readonly indexes: Readonly<Record<string, IndexDemand>>;
}

interface IndexDemand {
  readonly key: KeyShape;
  /** What the reader takes from it beside the keys. */
  readonly projects: 'ALL' | readonly string[];
}

function key(partition: string, sort?: string): KeyShape {
  return { partition: { name: partition, type: 'S' }, ...(sort !== undefined && { sort: { name: sort, type: 'S' } }) };
}

function whole(partition: string, sort?: string): IndexDemand {
  return { key: key(partition, sort), projects: 'ALL' };
}

function recordTable(dateAttribute: string): Demand {
  const indexes = { 'kpi-index': { key: key('kpi_id', dateAttribute), projects: [] } };
  return { owner: 'application', key: key('id'), streamed: true, indexes };
}

/** tables.md, as far as the migration depends on it. */
const DEMANDS: Readonly<Record<TableRole, Demand>> = {
  goalKpiLinks: { owner: 'application', key: key('id'), streamed: true, indexes: {} },
  kpiMilestones: recordTable(DATE_ATTRIBUTE_OF.milestones),
  kpiActuals: recordTable(DATE_ATTRIBUTE_OF.actuals),
  kpiReadings: recordTable(DATE_ATTRIBUTE_OF.readings),
  kpis: { owner: 'application', key: key('id'), streamed: false, indexes: {} },
  people: {
    owner: 'application',
    key: key('id'),
    streamed: false,
    indexes: { 'linked-user-index': { key: key('linked_user_id'), projects: ['tenant_id'] } },
  },
  kpiLinks: {
    owner: 'migration',
    key: key('id'),
    streamed: false,
    indexes: {
      'tenant-index': whole('tenant_id'),
      'kpi-index': whole('kpi_id'),
      'person-index': whole('person_id'),
      'goal-index': whole('goal_id'),
      'strategy-index': whole('strategy_id'),
      'uniqueness-index': whole('uniqueness_key'),
    },
  },
  kpiData: {
    owner: 'migration',
    key: key('id'),
    streamed: false,
    indexes: {
      'kpi-link-index': whole('kpi_link_id', 'post_date'),
      'kpi-link-category-index': whole('kpi_link_category_key', 'post_date'),
      'target-subtype-index': whole('target_key', 'post_date'),
    },
  },
  control: { owner: 'migration', key: key('pk', 'sk'), streamed: false, indexes: {} },
};

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
  return TABLE_ROLES.flatMap((role) => checkTable(role, names[role], DEMANDS[role], shapes[role]));
}

function checkTable(role: TableRole, table: string, demand: Demand, shape: TableShape | undefined): Finding[] {
  const finding = (code: Finding['code'], message: string, nextStep: string): Finding => ({
    code,
    role,
    table,
    message,
    nextStep,
  });
  const deploy = 'Deploy the migration stack: npx cdk deploy -c environment=NAME.';
  const application = 'Ask the owner of the application to correct it; the migration never changes this table.';
  const fix = demand.owner === 'migration' ? deploy : application;
  const name = `tables.${role} of the settings in cdk.json`;
  if (shape === undefined) {
    const nextStep = demand.owner === 'migration' ? deploy : `Correct ${name}, or the account and region.`;
    return [finding('TABLE_MISSING', 'The table does not exist.', nextStep)];
  }
  if (describeKey(shape.key) !== describeKey(demand.key)) {
    const message = `The table's key is ${describeKey(shape.key)} and not ${describeKey(demand.key)}.`;
    return [finding('KEY_SCHEMA', message, `Correct ${name}: it names the wrong table.`)];
  }
  const findings: Finding[] = [];
  if (shape.status !== 'ACTIVE' && shape.status !== 'UPDATING') {
    findings.push(finding('TABLE_NOT_READY', `The table is ${shape.status}.`, 'Wait until it is ACTIVE.'));
  }
  if (demand.streamed && shape.streamViewType === undefined) {
    findings.push(
      finding('STREAM_OFF', 'The table has no stream, so changes made during the copy would be lost.', deploy),
    );
  }
  if (demand.streamed && shape.streamViewType !== undefined && shape.streamViewType !== STREAM_VIEW_TYPE) {
    const message = `The stream's view type is ${shape.streamViewType}, not ${STREAM_VIEW_TYPE}.`;
    const nextStep = `Ask the stream's owner to turn it off. Then deploy the migration stack, which turns on the right one.`;
    findings.push(finding('STREAM_VIEW_TYPE', message, nextStep));
  }
  for (const [indexName, indexDemand] of Object.entries(demand.indexes)) {
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

/** A finding on one line: the table, what is wrong with it, and what to do. */
export function describeFinding(finding: Finding): string {
  return `${finding.table}: ${finding.message} ${finding.nextStep}`;
}

/** @throws MigrationError `PREFLIGHT_FAILED` with all findings, if there are any. */
export function requireNoFindings(findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  const lines = findings.map((finding) => `\n  ${describeFinding(finding)}`).join('');
  throw new MigrationError('PREFLIGHT_FAILED', `The tables are not as the migration needs them:${lines}`, {
    nextStep: 'Fix these, then run: kpi-migrate preflight. Nothing was written.',
  });
}
