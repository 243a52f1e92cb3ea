import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

test.each(['light', 'dark'])('the picture of the flow is readable: %s', async (value) => {
  const page = await browser.newPage();
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
  await page.setContent(readFileSync(join(import.meta.dirname, '../../functions/flow.svg'), 'utf8'));
  const { texts, size } = (await page.evaluate(`(() => {
    const boxOf = (element) => {
      const { x, y, width, height } = element.getBBox();
      return { words: element.textContent, fill: getComputedStyle(element).fill, x, y, width, height };
    };
    const { width, height } = document.querySelector('svg').viewBox.baseVal;
    return { texts: [...document.querySelectorAll('svg text')].map(boxOf), size: { width, height } };
  })()`)) as { texts: (Box & { words: string; fill: string })[]; size: Box };
  expect(texts.length).toBeGreaterThan(20);
  const outside = texts.filter(
    ({ x, y, width, height }) => x < 0 || y < 0 || x + width > size.width || y + height > size.height,
  );
  expect(outside).toEqual([]);
  const overlapping = texts.flatMap((one, at) =>
    texts
      .slice(at + 1)
      .filter(
        (two) =>
          one.x < two.x + two.width &&
          two.x < one.x + one.width &&
          one.y + 4 < two.y + two.height &&
          two.y + 4 < one.y + one.height,
      )
      .map((two) => `${one.words} and ${two.words}`),
  );
  expect(overlapping).toEqual([]);
  const isLight = (fill: string): boolean => Number(/\d+/.exec(fill)?.[0]) > 128;
  expect(texts.every(({ fill }) => isLight(fill) === (value === 'dark'))).toBe(true);
});
