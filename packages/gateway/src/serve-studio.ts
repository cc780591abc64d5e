import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '@kb-labs/errors';
import express, { type Router } from 'express';

/** A folder with the files of Studio, as its build leaves them. */
export interface StudioFiles {
  readonly folder: string;
}

/** What the page declares for itself and what is put in its place, each exactly once. */
const BASE = '<base href="/studio/" />';
const NONCE = '<meta name="csp-nonce" content="" />';

const NONCE_BYTES = 16;
/** The names of these files change with what is in them. */
const YEAR_MS = 365 * 86_400_000;

/**
 * Studio: its page for every path below, its files beside. Neither holds anything of an installation, so both are for everybody; what
 * the page shows it asks the other routes for, as whoever opened it.
 */
export function serveStudio({ folder }: StudioFiles): Router {
  readPage(folder);
  const router = express.Router({ strict: true });
  router.get('/studio', (request, response) => {
    response.redirect(308, `${beforeStudio(request.originalUrl)}/studio/`);
  });
  const files = express.static(folder, { index: false, redirect: false, dotfiles: 'ignore', fallthrough: true, cacheControl: false, etag: true, lastModified: false, setHeaders: (response, path) => {
    response.setHeader('Cache-Control', path.startsWith(join(folder, 'assets')) ? `public, max-age=${String(YEAR_MS / 1_000)}, immutable` : 'no-cache');
  } });
  router.use('/studio', (request, response, next) => {
    // As a file it would have neither its policy nor its place.
    if (request.path === '/index.html') next();
    else files(request, response, next);
  });
  router.get('/studio/assets/{*file}', (request) => {
    throw new AppError('ROUTE_UNKNOWN', { path: request.path });
  });
  router.get('/studio/{*path}', (request, response) => {
    const nonce = randomBytes(NONCE_BYTES).toString('base64');
    const base = `${beforeStudio(request.originalUrl)}/studio/`;
    // Read anew: after an update, the page of before would name files that are gone.
    const page = readPage(folder);
    response.set({ 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy(nonce) });
    response.end(page.replace(BASE, `<base href="${attribute(base)}" />`).replace(NONCE, `<meta name="csp-nonce" content="${nonce}" />`));
  });
  return router;
}

/** Content Security Policy, level 3. Scripts are files of this place and nothing else; styles are too, or carry the nonce of the page. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function readPage(folder: string): string {
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  for (const part of [BASE, NONCE]) {
    if (page.split(part).length !== 2) throw new AppError('CONFIG_INVALID', { problem: `${join(folder, 'index.html')} is no page of Studio: it has no ${part}` });
  }
  return page;
}

/** The path that a gateway was put at within another service; empty when it is a server of its own. */
function beforeStudio(originalUrl: string): string {
  const [path = ''] = originalUrl.split(/[?#]/);
  return path.slice(0, Math.max(0, path.indexOf('/studio')));
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function attribute(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
