import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Of a pull request, an issue or a commit, whichever `thread` it is in. */
export interface DoubleComment {
  readonly id: number;
  readonly thread: string;
  body: string;
  /** Who may change it. */
  readonly author: string;
}

export interface DoubleRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly status: number;
}

/** What stands in for the next answer, or goes wrong with it. */
export type Trouble =
  | { readonly status: number; readonly message?: string; readonly headers?: Readonly<Record<string, string>> }
  /** It is done, and the answer is lost. */
  | 'lost'
  /** It is done only when the next request is. */
  | 'late';

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

const TOKEN = 'ghp_double_0123456789';

/**
 * The part of GitHub's REST API that steps use, on this machine: comments of issues and commits, and pull requests by branch. It checks
 * what it is sent: what GitHub would not take, and what it does not know, is answered with 422 and kept in `unexpected`.
 */
export class GithubDouble {
  readonly requests: DoubleRequest[] = [];
  readonly unexpected: string[] = [];
  readonly comments: DoubleComment[] = [];
  /** Open pull requests by branch. */
  readonly pulls = new Map<string, number>();
  /** Issues, pull requests and commits that there are. */
  readonly threads = new Set<string>();
  readonly token = TOKEN;
  readonly repo: string;
  readonly #user = 'kb-bot';
  readonly #troubles: { readonly method: string; readonly trouble: Trouble }[] = [];
  #late: (() => void) | undefined;
  #lastId = 1_000;
  readonly #server: Server;

  constructor(repo = 'acme/app') {
    this.repo = repo;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/api/v3`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** For the next request of that method. */
  trouble(method: string, trouble: Trouble): void {
    this.#troubles.push({ method, trouble });
  }

  /** A comment that somebody has written. `thread` is `issues/<n>` or `commits/<sha>`. */
  write(thread: string, body: string, author = this.#user): DoubleComment {
    const comment = { id: (this.#lastId += 1), thread, body, author };
    this.threads.add(thread);
    this.comments.push(comment);
    return comment;
  }

  in(thread: string): readonly DoubleComment[] {
    return this.comments.filter((comment) => comment.thread === thread);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    const method = request.method ?? '';
    const url = new URL(request.url ?? '/', 'http://any');
    const at = this.#troubles.findIndex((each) => each.method === method);
    const trouble = at === -1 ? undefined : this.#troubles.splice(at, 1)[0]?.trouble;
    const given = typeof trouble === 'object' ? { status: trouble.status, body: { message: trouble.message ?? 'trouble' } } : undefined;
    const act = (): Answer => this.#problem(request, text) ?? this.#answer(method, url, text === '' ? undefined : (JSON.parse(text) as unknown));
    if (trouble === 'late') {
      // What this one does comes after what the next one asks.
      this.#late = () => void act();
      this.#record({ method, url, text, status: 0 });
      response.destroy();
      return;
    }
    const answer = given ?? act();
    this.#record({ method, url, text, status: answer.status });
    const late = this.#late;
    this.#late = undefined;
    if (trouble === 'lost') response.destroy();
    else {
      response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8', ...(typeof trouble === 'object' ? trouble.headers : {}) });
      response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
    }
    late?.();
  }

  #record({ method, url, text, status }: { method: string; url: URL; text: string; status: number }): void {
    this.requests.push({ method, path: `${url.pathname}${url.search}`, body: text === '' ? undefined : (JSON.parse(text) as unknown), status });
  }

  /** What no request to the API may be like. */
  #problem({ method, headers }: IncomingMessage, text: string): Answer | undefined {
    const accepted = [`token ${TOKEN}`, `Bearer ${TOKEN}`];
    if (!accepted.includes(headers.authorization ?? '')) return { status: 401, body: { message: 'Bad credentials' } };
    if ((headers['user-agent'] ?? '') === '') return this.#refuse('no user agent');
    if (!(headers.accept ?? '').includes('application/vnd.github')) return this.#refuse(`accepts ${headers.accept ?? 'nothing'}`);
    if (headers['x-github-api-version'] !== '2022-11-28') return this.#refuse('no version of the API');
    if (text !== '' && !(headers['content-type'] ?? '').startsWith('application/json')) return this.#refuse(`a body of ${headers['content-type'] ?? 'no type'}`);
    if ((method === 'GET' || method === 'DELETE') && text !== '') return this.#refuse('a body where there is none');
    return undefined;
  }

  #answer(method: string, url: URL, body: unknown): Answer {
    const prefix = `/api/v3/repos/${this.repo}/`;
    if (!url.pathname.startsWith('/api/v3/repos/')) return this.#refuse(`${method} ${url.pathname}`);
    if (!url.pathname.startsWith(prefix)) return notFound();
    const path = url.pathname.slice(prefix.length);
    const thread = /^((?:issues|commits)\/[0-9a-f]+)\/comments$/.exec(path)?.[1];
    if (thread !== undefined) return this.#inThread(method, { thread, url, body });
    const id = /^(?:issues\/)?comments\/(\d+)$/.exec(path)?.[1];
    if (id !== undefined) return this.#one(method, { id: Number(id), kind: path.startsWith('issues/') ? 'issues' : 'commits', body });
    if (path === 'pulls' && method === 'GET') return this.#pullsOf(url);
    return this.#refuse(`${method} ${path}`);
  }

  #inThread(method: string, { thread, url, body }: { thread: string; url: URL; body: unknown }): Answer {
    if (!this.threads.has(thread)) return notFound();
    if (method === 'POST') {
      const problem = bodyProblem(body);
      return problem === undefined ? { status: 201, body: this.#shown(this.write(thread, (body as { body: string }).body)) } : this.#refuse(problem);
    }
    if (method !== 'GET') return this.#refuse(`${method} ${thread}`);
    const [perPage, page] = [Number(url.searchParams.get('per_page') ?? 30), Number(url.searchParams.get('page') ?? 1)];
    if (!(perPage >= 1 && perPage <= 100 && page >= 1)) return this.#refuse(`page ${url.search}`);
    return { status: 200, body: this.in(thread).slice((page - 1) * perPage, page * perPage).map((comment) => this.#shown(comment)) };
  }

  #one(method: string, { id, kind, body }: { id: number; kind: string; body: unknown }): Answer {
    const found = this.comments.find((comment) => comment.id === id && comment.thread.startsWith(kind));
    if (found === undefined) return notFound();
    if (found.author !== this.#user) return { status: 403, body: { message: 'Resource not accessible by personal access token' } };
    if (method === 'DELETE') {
      this.comments.splice(this.comments.indexOf(found), 1);
      return { status: 204 };
    }
    if (method !== 'PATCH') return this.#refuse(`${method} of a comment`);
    const problem = bodyProblem(body);
    if (problem !== undefined) return this.#refuse(problem);
    found.body = (body as { body: string }).body;
    return { status: 200, body: this.#shown(found) };
  }

  #pullsOf(url: URL): Answer {
    const [owner, branch] = (url.searchParams.get('head') ?? '').split(':');
    if (url.searchParams.get('state') !== 'open' || owner !== this.repo.split('/')[0] || branch === undefined) return this.#refuse(`pulls${url.search}`);
    const number = this.pulls.get(branch);
    return { status: 200, body: number === undefined ? [] : [{ number, state: 'open', head: { ref: branch } }] };
  }

  #shown({ id, thread, body, author }: DoubleComment): object {
    return { id, body, user: { login: author }, html_url: `https://github.com/${this.repo}/${thread.replace('issues', 'pull')}#comment-${String(id)}` };
  }

  #refuse(problem: string): Answer {
    this.unexpected.push(problem);
    return { status: 422, body: { message: `Validation Failed: ${problem}` } };
  }
}

function bodyProblem(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || Object.keys(body).join() !== 'body') return `fields ${JSON.stringify(body)?.slice(0, 100) ?? 'none'}`;
  const { body: text } = body as { body: unknown };
  if (typeof text !== 'string' || text.trim() === '') return 'body is blank';
  return [...text].length > 65_536 ? 'body is too long (maximum is 65536 characters)' : undefined;
}

function notFound(): Answer {
  return { status: 404, body: { message: 'Not Found' } };
}
