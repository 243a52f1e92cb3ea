import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import axe from 'axe-core';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { programFile } from '../../infra/package-layout.ts';
import { writeSmallExport } from '../local/export/small-export.ts';
import { openBrowser, textOf, untilText } from './browser.ts';

const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

let browser: Browser;
let page: Page;
const exported = mkdtempSync(join(tmpdir(), 'cockpit-'));
const failures: string[] = [];

beforeAll(async () => {
  await writeSmallExport(exported, 16);
  browser = await openBrowser();
  page = await browser.newPage();
  await page.setViewport(DESKTOP);
  page.on('pageerror', (error) => failures.push(String(error)));
  page.on('requestfailed', (request) => failures.push(`${request.url()}: ${request.failure()?.errorText}`));
});
afterAll(async () => {
  await browser.close();
  rmSync(exported, { recursive: true });
});

/** What axe finds, by rule. */
async function axeFindings(): Promise<string[]> {
  await page.evaluate(axe.source);
  const findings = await page.evaluate('axe.run().then(({ violations }) => violations)');
  return (findings as { id: string; nodes: { target: string[] }[] }[]).map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
}

/** How far the page is larger than the window, in pixels. */
function overflow(): Promise<{ x: number; y: number }> {
  return page.evaluate(
    '({ x: document.documentElement.scrollWidth - innerWidth, y: document.documentElement.scrollHeight - innerHeight })',
  ) as Promise<{ x: number; y: number }>;
}

test('shows a rehearsal with killed functions from its start to its end, and takes a fallback by click', {
  timeout: 600_000,
}, async () => {
  const words = ['rehearse', '--cockpit', '--export', exported, '--seed', '7', '--writes', '100', '--faults'];
  const child = spawn(process.execPath, [programFile('command line'), ...words]);
  const exited = once(child, 'exit');
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const saying = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = said.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(said.join('\n'));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  try {
    const [url = ''] = (await saying(/The cockpit: /)).match(/http:\S+/) ?? [];
    await page.goto(url);
    expect(page.url()).not.toContain('#');
    const seen = new Set<string>();
    await untilText(page, '#steps .current', /backfill/, 60_000);
    const looking = setInterval(
      () =>
        textOf(page, '#stage').then(
          (stage) => seen.add(stage),
          () => {},
        ),
      100,
    );
    await saying(/Look at the cockpit/);
    clearInterval(looking);
    expect([...seen]).toEqual(expect.arrayContaining(['old', 'shadow', 'new 100 %']));

    await untilText(page, '#stage', /^new 100 %$/);
    await untilText(page, '#verdict', /^AGREE$/);
    expect(await textOf(page, '#origins')).toMatch(/Answers: [\d,]+ from the old tables, [1-9][\d,]* from the new/);
    expect(await textOf(page, '#command')).toMatch(/^npm run -s kpi-migrate -- \w+/);
    expect(await page.$$eval('svg polyline', (lines) => lines.length)).toBeGreaterThanOrEqual(2);
    const picture = process.env.COCKPIT_PICTURE;
    if (picture) await page.screenshot({ path: picture as `${string}.png` });

    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      for (const viewport of [DESKTOP, PHONE]) {
        await page.setViewport(viewport);
        expect(await axeFindings(), `${scheme} ${viewport.width}`).toEqual([]);
        expect((await overflow()).x, `${scheme} ${viewport.width}`).toBeLessThanOrEqual(0);
      }
    }
    await page.setViewport(DESKTOP);
    expect((await overflow()).y).toBeLessThanOrEqual(0);

    // By keyboard alone: the button, then the question's own button, which has the focus.
    await page.focus('#fallback');
    await page.keyboard.press('Enter');
    expect(await textOf(page, '#dialog-text')).toMatch(/All reads go back to the old tables/);
    expect(await axeFindings()).toEqual([]);
    await page.keyboard.press('Enter');
    await untilText(page, '#dialog-text', /All reads are on the old tables\./);
    await page.keyboard.press('Escape');
    await untilText(page, '#stage', /^old$/);
    await untilText(page, '#who', /All readers follow the old tables\. Last answer of the new tables: /);
    await untilText(page, '#says', /Reads fell back/);

    // The gate is asked before the page offers to deploy.
    await page.click('#move button:nth-child(2)');
    await untilText(page, '#dialog-title', /allowed|refused/i);
    await page.keyboard.press('Escape');
    expect(failures).toEqual([]);
  } finally {
    child.kill('SIGINT');
    await exited;
  }
  expect(child.exitCode, said.join('\n')).toBe(0);
});
