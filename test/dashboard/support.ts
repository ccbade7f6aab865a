import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const SCREENSHOTS = join(import.meta.dirname, '..', '..', 'docs', 'screenshots');

/**
 * Takes the picture that the documentation shows, where `DAYPASS_TEST_SCREENSHOTS` asks for it: pictures differ by fonts
 * and times, so that a run of the tests leaves them alone.
 */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (process.env['DAYPASS_TEST_SCREENSHOTS'] === undefined) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}
