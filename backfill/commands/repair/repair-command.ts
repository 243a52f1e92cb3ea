import type { Finding } from '../../../functions/validation/findings.ts';
import { openEnvironment } from '../../environment.ts';
import { nextStep } from '../../next-step.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { showProgress } from '../../progress.ts';
import { describeUnfinished } from '../backfill/describe-backfill.ts';
import { describeFinding, describeValidation } from '../validate/describe-validation.ts';
import { namingMissingTables } from '../validate/missing-tables.ts';
import { patienceOf, readsOf, validateEnvironment } from '../validate/run-validation.ts';
import { executeRepair, planRepair, type RepairPlan } from './repair.ts';

/** Differences that are listed. */
const FINDINGS_TOLD = 20;

/** `repair`: validates and lists what differs; with `--execute` derives that from the old tables again, and validates it again. */
export async function repairCommand(
  options: { readonly env: string; readonly execute: boolean },
  stop: AbortSignal,
): Promise<CommandResult> {
  const environment = await openEnvironment(options.env);
  const progress = showProgress();
  const { report, comparison } = await validateEnvironment(environment, { progress, stop });
  const findings = comparison.proven;
  if (findings.length === 0) {
    const agree = report.verdict === 'agree';
    const document = { verdict: report.verdict, reasons: report.reasons, differences: 0 };
    const lines = agree ? ['Nothing to repair: every row matches the old tables.'] : describeValidation(report);
    return { exitCode: agree ? EXIT.done : EXIT.failed, document, lines };
  }
  const plan = planRepair(findings);
  const what = describePlan(findings, plan);
  if (!options.execute) {
    return {
      exitCode: EXIT.done,
      document: { plan, findings: findings.slice(0, FINDINGS_TOLD) },
      lines: [...told(findings), what],
      next: 'execute',
    };
  }
  progress.note(`Repairing ${what}`);
  const { replication } = environment;
  const left = await namingMissingTables(environment, 'kpi-migrate repair --execute', () =>
    executeRepair(
      { replication, reads: readsOf(environment), patience: { ...patienceOf(environment), stop } },
      findings,
    ),
  );
  const more = comparison.bucketsUnopened > 0;
  const mended = findings.length - left.proven.length;
  return {
    exitCode: left.proven.length + left.unfinished.length > 0 ? EXIT.failed : more ? EXIT.stopped : EXIT.done,
    document: {
      plan,
      mended,
      remaining: left.proven,
      inFlight: left.inFlight.length,
      unfinished: left.unfinished,
      more,
    },
    lines: [
      `Repaired ${mended} of ${findings.length} differences.`,
      ...told(left.proven),
      ...describeUnfinished(left.unfinished),
      ...(more ? ['There are more differences than one repair handles.'] : []),
    ],
    ...(more && { next: nextStep(options.env, ['repair', '--execute'], 'repairs the rest') }),
  };
}

/** What is derived again. The links of every KPI concerned are looked at, because rows follow from them. */
function describePlan(findings: readonly Finding[], { kpis, links, records, surplus }: RepairPlan): string {
  const again = `${links.length} links and ${records.length} records are derived again`;
  return `${findings.length} differences: ${again}, ${surplus.length} surplus rows go, and the links of ${kpis.length} KPIs are checked.`;
}

function told(findings: readonly Finding[]): string[] {
  const more = findings.length - FINDINGS_TOLD;
  return [...findings.slice(0, FINDINGS_TOLD).map(describeFinding), ...(more > 0 ? [`… and ${more} more.`] : [])];
}
