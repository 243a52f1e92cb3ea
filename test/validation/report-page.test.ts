import axe from 'axe-core';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { htmlReport } from '../../backfill/commands/validate/html-report.ts';
import type { ReportLine, ValidationReport } from '../../functions/validation/report.ts';
import { sumOf } from '../../functions/validation/report.ts';
import { openBrowser } from '../cockpit/browser.ts';
import { AGREEING } from '../gate/agreeing-summary.ts';

const TENANTS = 1_000;

function lineOf(tenant: number): ReportLine {
  const counts = { ...sumOf([]), expected: 10, found: 10, warnings: tenant % 7, missing: tenant === 500 ? 2 : 0 };
  return { ...counts, rows: 'links', tenantId: `tenant-${tenant}`, differentByAttribute: new Map() };
}

const REPORT: ValidationReport = {
  ...AGREEING,
  ...{ verdict: 'disagree', finishedAt: AGREEING.at, checks: [{ name: 'a', passed: true, detail: 'b' }] },
  lines: Array.from({ length: TENANTS }, (_, tenant) => lineOf(tenant)),
  ...{ proof: { planted: 1, missed: [] }, findings: [], unexamined: [], inFlight: [] },
};

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

test('the page of a validation shows a thousand tenants, in the order of the figure that is chosen', async () => {
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(true);
  await page.setContent(htmlReport(REPORT, [REPORT]));
  /** The tenants and their figures from top to bottom. */
  const shown = (): Promise<string[][]> =>
    page.$$eval('.tenant', (rows) =>
      rows
        .map((row) => ({
          top: row.getBoundingClientRect().top,
          cells: [...row.children].map((cell) => cell.textContent ?? ''),
        }))
        .sort((left, right) => left.top - right.top)
        .map(({ cells }) => cells),
    );
  const first = await shown();
  expect(first).toHaveLength(TENANTS);
  expect(first[0]?.slice(0, 4)).toEqual(['tenant-500', '10', '10', '2']);

  await page.click('#by-warnings');
  const warnings = (await shown()).map((cells) => Number(cells.at(-1)));
  expect(warnings[0]).toBe(6);
  expect(warnings).toEqual(warnings.toSorted((left, right) => right - left));

  await page.evaluate(axe.source);
  const findings = await page.evaluate('axe.run().then(({ violations }) => violations.map(({ id }) => id))');
  expect(findings).toEqual([]);
});
