import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Page } from 'playwright-core';

declare global {
  interface Window {
    /** What payloads call. */
    __run: (id: string) => void;
    __tell: (what: string) => Promise<void>;
  }
}

const EMPTY = '/empty';

/** Hears of everything that a page did although it was only to be shown: code that ran, places that were asked, what its policy had to stop. */
export class Canary {
  readonly heard: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      if (request.url === EMPTY) {
        response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>empty</title>');
        return;
      }
      this.heard.push(`asked for ${request.url ?? ''}`);
      response.setHeader('Access-Control-Allow-Origin', '*');
      response.end('window.__run("from another place")');
    });
  }

  static async open(): Promise<Canary> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Canary(server);
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** A page without anything on it, and without a policy. */
  get empty(): string {
    return this.url + EMPTY;
  }

  /** Before the page goes anywhere. */
  async watch(page: Page): Promise<void> {
    await page.exposeFunction('__tell', (what: string) => {
      this.heard.push(what);
    });
    await page.addInitScript(() => {
      window.__run = (id) => void window.__tell(`ran ${id}`);
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => void window.__tell(`stopped by the policy: ${violatedDirective} ${blockedURI} ${sample}`));
    });
    page.on('dialog', (dialog) => {
      this.heard.push(`said ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('popup', (popup) => this.heard.push(`opened ${popup.url()}`));
  }

  /** What of the page would do something else than being shown. */
  async armed(page: Page): Promise<string[]> {
    return page.evaluate(() => {
      const own = (address: string): boolean => {
        try {
          return ['http:', 'https:', 'blob:'].includes(new URL(address, document.baseURI).protocol);
        } catch {
          return false;
        }
      };
      const elements = [...document.querySelectorAll('*')];
      return elements.flatMap((element) => {
        const name = element.localName;
        const handlers = element.getAttributeNames().filter((attribute) => attribute.startsWith('on'));
        const addresses = ['href', 'src', 'action', 'formaction', 'data', 'xlink:href'].map((attribute) => element.getAttribute(attribute)).filter((address) => address !== null && !own(address));
        const embedded = ['iframe', 'object', 'embed', 'video', 'audio', 'frame', 'portal'].includes(name) || (name === 'script' && !document.head.contains(element)) || (name === 'base' && !document.head.contains(element));
        return [...handlers.map((handler) => `<${name} ${handler}>`), ...addresses.map((address) => `<${name}> to ${String(address)}`), ...(embedded ? [`<${name}>`] : [])];
      });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
