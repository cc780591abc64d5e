import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BrowserContext, Page } from 'playwright-core';

import { DaemonProcess } from '../daemon.fixture.js';
import { Project } from '../project.fixture.js';
import { openBrowser } from './open-browser.mjs';

declare global {
  interface Window {
    calmSince: number | undefined;
  }
}

const CALM_MS = 200;

export interface OpenStudio {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** A project with a daemon, and a browser that `kb studio` would have opened. */
export class Studio {
  readonly project: Project;
  readonly context: BrowserContext;
  readonly page: Page;
  /** Uncaught errors, what the console calls an error, and what the policy of the page refused. */
  readonly complaints: string[] = [];
  readonly #profile: string;
  #daemon: DaemonProcess;

  private constructor(project: Project, daemon: DaemonProcess, { context, page, profile }: { context: BrowserContext; page: Page; profile: string }) {
    this.project = project;
    this.#daemon = daemon;
    this.context = context;
    this.page = page;
    this.#profile = profile;
    this.watch(page);
  }

  static async open({ files = {}, env = {}, colorScheme = 'light', viewport = { width: 1280, height: 900 } }: OpenStudio = {}): Promise<Studio> {
    const project = new Project(files, env);
    project.git('init', '-q');
    project.write('.gitignore', '.kb/state\n');
    project.git('add', '-A');
    project.git('commit', '-q', '-m', 'first');
    const daemon = await DaemonProcess.start(project);
    const profile = await mkdtemp(join(tmpdir(), 'kb-browser-'));
    const context = await openBrowser(profile, { colorScheme, viewport });
    const page = context.pages()[0] ?? (await context.newPage());
    const studio = new Studio(project, daemon, { context, page, profile });
    await studio.signIn(page);
    return studio;
  }

  get url(): string {
    return this.#daemon.url;
  }

  watch(page: Page): void {
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      // That a connection broke is what some tests are about; the page says it too.
      if (message.type() === 'error' && !/net::ERR|status of 4\d\d/.test(message.text())) this.complaints.push(message.text());
    });
  }

  /** As `kb studio` does: by a link that works once. */
  async signIn(page: Page): Promise<void> {
    const { path } = await this.project.json<{ path: string }>('studio', '--no-open');
    await page.goto(this.url + path);
    await page.getByRole('heading', { level: 1 }).waitFor();
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(`${this.url}/studio${path}`);
    await this.settled();
  }

  /** What the page shows is all there: nothing is being loaded, and has not been for a while, in which the next part would have begun. */
  async settled(): Promise<void> {
    await this.page.waitForFunction((calmMs) => {
      const busy = document.querySelector('h1') === null || document.querySelector('[role=status][aria-label=Loading]') !== null;
      window.calmSince = busy ? undefined : (window.calmSince ?? performance.now());
      return window.calmSince !== undefined && performance.now() - window.calmSince > calmMs;
    }, CALM_MS);
  }

  /** Ends the daemon; what it serves is gone. */
  async stopDaemon(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#daemon.kill(signal);
  }

  /** Starts it again, where it was. */
  async startDaemon(): Promise<void> {
    this.#daemon = await DaemonProcess.start(this.project, `--port=${new URL(this.url).port}`);
  }

  async close(): Promise<void> {
    await this.context.close();
    await this.#daemon.kill('SIGKILL');
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
    this.project.remove();
  }
}
