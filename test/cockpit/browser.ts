import chromium from '@sparticuz/chromium';
import { type Browser, launch, type Page } from 'puppeteer-core';

/** A browser without a window, from the package registry: it needs none that is installed. */
export async function openBrowser(): Promise<Browser> {
  return launch({ args: chromium.args, executablePath: await chromium.executablePath(), headless: 'shell' });
}

/** The text of an element, as it is shown. */
export function textOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (element) => (element as unknown as { innerText: string }).innerText);
}

/** Waits until an element's text matches. */
export async function untilText(page: Page, selector: string, pattern: RegExp, withinMs = 30_000): Promise<string> {
  const untilMs = Date.now() + withinMs;
  for (;;) {
    const text = (await page.$(selector)) === null ? 'nothing' : await textOf(page, selector);
    if (pattern.test(text)) return text;
    if (Date.now() > untilMs) throw new Error(`${selector} says after ${withinMs} ms: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
