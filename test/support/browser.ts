import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { startApiRig, type ApiRig } from './api-rig.ts';

/** What a test of the dashboard works with. */
export interface DashboardTest {
  readonly rig: ApiRig;
  readonly browser: Browser;
  /** At the dashboard, not logged in; fresh for each test, with no cookie. */
  readonly page: Page;
  /** What the browser complains of, broken security policies included. */
  readonly complaints: string[];
  /** Logs in and waits until the sessions are shown live. */
  enter(): Promise<void>;
}

/** Waits until what the page shows is what is. */
export async function live(page: Page): Promise<void> {
  await page.getByRole('status').getByText('live', { exact: true }).waitFor();
}

/** A browser that asks nothing of anybody by itself. */
export async function launchBrowser(args: string[]): Promise<Browser> {
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', ...quiet, ...args],
  });
}

/** Collects what the browser complains of from here on: errors, and broken security policies. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  return complaints;
}

/** A browser at a real dashboard of an API with these options, from before the first to after the last test of a file. */
export function useDashboard(options: Parameters<typeof startApiRig>[1] = {}): DashboardTest {
  let rig: ApiRig;
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    rig = await startApiRig({}, options);
    // A page of somebody else, on this machine.
    browser = await launchBrowser(['--host-resolver-rules=MAP *.test.example 127.0.0.1']);
  });
  afterAll(async () => {
    await browser?.close();
    await rig?.close();
  });
  beforeEach(async () => {
    page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(10_000);
    complaints = complaintsOf(page);
    await page.goto(rig.api.url);
  });
  afterEach(async () => {
    // With its cookies.
    await page?.context().close();
  });

  return {
    get rig() {
      return rig;
    },
    get browser() {
      return browser;
    },
    get page() {
      return page;
    },
    get complaints() {
      return complaints;
    },
    async enter() {
      await page.getByLabel('API key').fill(rig.api.key);
      await page.getByRole('button', { name: 'Log in' }).click();
      await live(page);
    },
  };
}
