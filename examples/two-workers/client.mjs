import { setTimeout as wait } from 'node:timers/promises';

const TRIES = 10;
const PAUSE_MS = 500;

/** Asks a gateway. */
export class Client {
  /**
   * @param {string} url
   * @param {string} key
   */
  constructor(url, key) {
    this.runsUrl = `${url}/api/v1/workflows/runs`;
    this.headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  }

  /**
   * Starts a run and answers its id. Asked again under the same key it is the same run, so that a lost answer does no harm.
   *
   * @param {{ workflowId: string, input: object, idempotencyKey: string }} run
   * @returns {Promise<string>}
   */
  async start(run) {
    const { id } = await this.#ask('', { method: 'POST', body: JSON.stringify(run) });
    return id;
  }

  /**
   * All runs there are of a workflow.
   *
   * @param {string} workflowId
   * @returns {Promise<{ id: string, finishedAt: string | null }[]>}
   */
  async list(workflowId) {
    const items = [];
    for (let cursor = ''; ; ) {
      const page = await this.#ask(`?workflowId=${workflowId}&limit=200${cursor}`);
      items.push(...page.items);
      if (page.nextCursor === undefined) return items;
      cursor = `&cursor=${page.nextCursor}`;
    }
  }

  /**
   * The journal of a run that is short.
   *
   * @param {string} id
   * @returns {Promise<import('./compare.mjs').Event[]>}
   */
  async events(id) {
    return (await this.#ask(`/${id}/events?limit=1000`)).items;
  }

  /**
   * @param {string} path
   * @param {RequestInit} [request]
   * @returns {Promise<any>}
   */
  async #ask(path, request) {
    let problem;
    for (let tries = 1; tries <= TRIES; tries += 1) {
      try {
        const answer = await fetch(`${this.runsUrl}${path}`, { ...request, headers: this.headers });
        if (answer.ok) return await answer.json();
        problem = `${answer.status} ${await answer.text()}`;
        if (answer.status < 500 && answer.status !== 429) break;
      } catch (error) {
        problem = String(error);
      }
      await wait(PAUSE_MS);
    }
    throw new Error(`the gateway does not answer ${path}: ${problem}`);
  }
}
