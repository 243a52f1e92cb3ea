import * as z from 'zod';
import { MigrationError } from '../../model/migration-error.ts';
import type { ControlTable } from './control-table.ts';

/** The partition of the control table that holds the validators' reports and checkpoints. */
export const VALIDATION_PARTITION = 'validation';

const REPORT_PREFIX = 'report#';
const LATEST_SORT = `${REPORT_PREFIX}latest`;

const verdict = z.enum(['agree', 'disagree', 'inconclusive']);
export type Verdict = z.infer<typeof verdict>;

const count = z.number().int().nonnegative();

const counts = z.object({
  expected: count,
  found: count,
  missing: count,
  extra: count,
  different: count,
  inFlight: count,
  held: count,
  quarantined: count,
  warnings: count,
});

/** Rows and items over both new tables and all tenants; `missing`, `extra` and `different` are proven. */
export type ValidationCounts = z.infer<typeof counts>;

const summary = z.object({
  verdict,
  at: z.iso.datetime(),
  mappingHash: z.string(),
  coverage: z.number().min(0).max(1),
  rowsCompared: count,
  runId: z.string(),
  reasons: z.array(z.string()),
  counts,
  /** Absent in reports of earlier versions. */
  proof: z.object({ planted: count, missed: z.array(z.string()).readonly() }).optional(),
});

/**
 * What a validation came to, as far as others decide by it (design.md, section 4).
 *
 * `at`: ISO 8601, when the validation *began* to read: what is older than this it has seen. `coverage`: the part of the key
 * space that was compared, 0 to 1; a validation of one phase alone is below 1. `rowsCompared`: rows that were there or should
 * have been. `mappingHash`: that of the mapping by which it was expected (functions/migration/mapping-hash.ts). `reasons`: a
 * sentence for each thing that keeps the verdict from `agree`; empty where it is.
 */
export type ValidationSummary = z.infer<typeof summary>;

/**
 * The summary of the last whole validation, read strongly; undefined where there never was one. Validations of a single
 * phase and rolling ones do not replace it.
 *
 * @throws MigrationError `REPORT_UNREADABLE` where the row is there and is no summary.
 */
export async function latestReport(control: Pick<ControlTable, 'get'>): Promise<ValidationSummary | undefined> {
  const stored = await control.get(VALIDATION_PARTITION, LATEST_SORT);
  if (stored === undefined) return undefined;
  const parsed = summary.safeParse(stored);
  if (parsed.success) return parsed.data;
  throw new MigrationError(
    'REPORT_UNREADABLE',
    `The last validation report cannot be read: ${z.prettifyError(parsed.error)}`,
    {
      nextStep: 'Validate again: kpi-migrate validate',
    },
  );
}

/** Keeps a summary under its run, and as the latest where it is of a whole validation. */
export async function keepReport(
  control: Pick<ControlTable, 'put'>,
  report: ValidationSummary,
  whole: boolean,
): Promise<void> {
  await control.put(VALIDATION_PARTITION, REPORT_PREFIX + report.runId, report);
  if (whole) await control.put(VALIDATION_PARTITION, LATEST_SORT, report);
}

/** The summaries of all validations that are kept, each once, in no order; rows that cannot be read are left out. */
export async function reportHistory(control: Pick<ControlTable, 'list'>): Promise<ValidationSummary[]> {
  const rows = await control.list(VALIDATION_PARTITION);
  return rows
    .filter(({ sort }) => sort.startsWith(REPORT_PREFIX) && sort !== LATEST_SORT)
    .flatMap(({ value }) => summary.safeParse(value).data ?? []);
}

/** The rows of all validations that are kept, as they are stored, also such as cannot be read; by key. */
export async function storedReports(
  control: Pick<ControlTable, 'list'>,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const rows = await control.list(VALIDATION_PARTITION);
  return rows.filter(({ sort }) => sort.startsWith(REPORT_PREFIX)).map(({ value }) => value);
}
