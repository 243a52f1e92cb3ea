import { beforeAll, describe, expect, test } from 'vitest';
import { describeValidation } from '../../backfill/commands/validate/describe-validation.ts';
import { htmlReport } from '../../backfill/commands/validate/html-report.ts';
import { progressComment } from '../../backfill/commands/validate/progress-comment.ts';
import { EMPTY_TALLY } from '../../backfill/copy/tally.ts';
import type { ValidationReport } from '../../functions/validation/report.ts';
import { ValidationBench } from './engine-validation.ts';
import { richContent } from './rich-content.ts';

const EVIL = '<script>alert("1")</script>';

describe('a report of tables that disagree', () => {
  let report: ValidationReport;

  beforeAll(async () => {
    const bench = await ValidationBench.create();
    const content = richContent(3);
    await bench.load(content);
    await bench.fill(content);
    const row = (await bench.options().reads.readItems('kpiData', ['actual-1'])).get('actual-1');
    await bench.put('kpiData', { ...row, id: { S: 'actual-1' }, override_comment: { S: EVIL } });
    await bench.remove('kpiData', 'reading-2');
    ({ report } = await bench.validate());
  });

  test('tells a person the checks, the counts, the rows and the next command', () => {
    const text = describeValidation(report).join('\n');
    expect(text).toMatch(/FAILED {2}Actual count/);
    expect(text).toMatch(/passed {2}GoalKpiLink count: 6 expected, 6 found/);
    expect(text).toMatch(
      /^kpiData reading-2 is missing\. \(tenant \S+, KPI \S+, from readings reading-2, of reading_date of reading-2\)$/m,
    );
    expect(text).toContain(`override_comment is {"S":"${EVIL.replaceAll('"', '\\"')}"}`);
    expect(text).toMatch(/^DISAGREE: /m);
  });

  test('is a page that needs nothing else, in which values are text', () => {
    const page = htmlReport(report, [report]);
    expect(page).toContain('class="verdict disagree"');
    expect(page).toContain('kpiData actual-1: different');
    expect(page).toContain('2 rows differ');
    // First what differs, then a line for each tenant, which the style can sort.
    expect(page.indexOf('What differs')).toBeLessThan(page.indexOf('>Tenants<'));
    expect(page).not.toMatch(/<th[^>]*><\/th>/);
    const tenants = new Set(report.lines.map(({ tenantId }) => tenantId));
    expect(page.match(/class="tenant"/g)).toHaveLength(tenants.size);
    expect(page).not.toContain('<script');
    expect(page).not.toMatch(/(?:src|href)=/);
  });

  test('fills in the progress comment of the ticket', () => {
    const passes = [{ pass: 'links' as const, done: true, tally: { ...EMPTY_TALLY, scanned: 6 } }];
    const comment = progressComment(report, passes, 'staging');
    expect(comment).toMatch(/^### Progress Update - \d{4}-\d\d-\d\d$/m);
    expect(comment).toContain('**Status:** Blocked');
    expect(comment).toContain('**Environment:** staging');
    expect(comment).toContain('- [x] Phase 2: GoalKpiLink migration - 6 records');
    expect(comment).toContain('- [ ] Phase 5: KpiReading migration - 0 records');
    expect(comment).toMatch(/- Total checks: 6\n- Passed: 5\n- Failed: 1/);
  });
});

test('the page draws a bar for each earlier validation', async () => {
  const bench = await ValidationBench.create();
  const { report } = await bench.validate();
  const history = [1, 2, 3].map((day) => ({ ...report, at: `2026-01-0${day}T00:00:00.000Z` }));
  expect(htmlReport(report, history).match(/<rect/g)).toHaveLength(3);
});
