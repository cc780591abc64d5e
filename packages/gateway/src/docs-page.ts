import { createHash } from 'node:crypto';

import { ROUTE_NAMES, ROUTES, type RouteSpec } from '@kb-labs/contracts/http';
import type { JsonObject, JsonValue } from '@kb-labs/contracts';
import { isJsonObject } from '@kb-labs/contracts';

import type { TextAnswer } from './handler.js';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
nav ul { columns: 2; padding: 0; list-style: none; }
section > article { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: 1rem 0; }
h3 { margin: 0; font-size: 1rem; overflow-wrap: anywhere; }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.75rem; border-radius: 0.25rem; background: color-mix(in srgb, currentColor 7%, transparent); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; }
.method { font-weight: 700; }
.access { opacity: 0.75; }
`;

/** A page without scripts; its one style is allowed by its digest (Content Security Policy, level 3). */
export function docsPage(description: JsonObject): TextAnswer {
  const digest = createHash('sha256').update(STYLE).digest('base64');
  return {
    status: 200,
    text: pageOf(description),
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    },
  };
}

function pageOf(description: JsonObject): string {
  const tags = [...new Set(ROUTE_NAMES.map((name) => ROUTES[name].tag))];
  const schemas = objectAt(description, 'components', 'schemas');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>HTTP API</title><style>${STYLE}</style></head>
<body>
<h1>HTTP API</h1>
<p>Programs read the same from <a href="openapi.json">/openapi.json</a>. Keys are sent as <code>Authorization: Bearer kb_…</code>. What goes wrong is answered as <code>application/problem+json</code>.</p>
<nav><ul>${ROUTE_NAMES.map((name) => `<li><a href="#${name}">${text(ROUTES[name].summary)}</a></li>`).join('')}</ul></nav>
${tags.map((tag) => `<section><h2>${text(tag)}</h2>${ROUTE_NAMES.filter((name) => ROUTES[name].tag === tag).map((name) => articleOf(name, ROUTES[name], description)).join('')}</section>`).join('\n')}
<section><h2>Shapes</h2>${Object.entries(schemas).map(([name, schema]) => `<article id="shape-${text(name)}"><h3>${text(name)}</h3>${jsonOf(schema)}</article>`).join('')}</section>
</body>
</html>
`;
}

function articleOf(name: string, route: RouteSpec, description: JsonObject): string {
  const operation = objectAt(description, 'paths', route.path.replaceAll(/:(\w+)/g, '{$1}'), route.method.toLowerCase());
  const parameters = Array.isArray(operation['parameters']) ? operation['parameters'].filter(isJsonObject) : [];
  const body = objectAt(operation, 'requestBody', 'content', 'application/json');
  return `<article id="${name}">
<h3><span class="method">${route.method}</span> <code>${text(route.path)}</code></h3>
<p>${text(route.summary)}. <span class="access">${accessWords(route)}</span></p>
${route.description === undefined ? '' : `<p>${inline(route.description)}</p>`}
${parameters.length === 0 ? '' : `<table><thead><tr><th>in</th><th>name</th><th>what</th></tr></thead><tbody>${parameters.map(rowOf).join('')}</tbody></table>`}
${'schema' in body ? `<p>Body:</p>${jsonOf(body['schema'] ?? null)}` : ''}
${route.answers.map((answer) => `<p>Answer ${String(answer.status)}${answer.when === undefined ? '' : `: ${text(answer.when)}`}</p>${jsonOf(answeredBy(operation, answer.status))}`).join('')}
</article>`;
}

function accessWords({ access, stream }: RouteSpec): string {
  const who = access === 'public' ? 'For everybody.' : access === 'proof' ? 'For whoever knows the address.' : `Needs the permission ${access}.`;
  return stream === undefined ? who : `${who} Can be followed as text/event-stream.`;
}

function rowOf(parameter: JsonObject): string {
  const { in: place, name, required, schema } = parameter;
  return `<tr><td>${text(String(place))}</td><td><code>${text(String(name))}</code>${required === true ? '' : ' (optional)'}</td><td><code>${text(JSON.stringify(schema))}</code></td></tr>`;
}

function answeredBy(operation: JsonObject, status: number): JsonValue {
  const content = objectAt(operation, 'responses', String(status), 'content');
  const [first] = Object.values(content);
  return isJsonObject(first) ? (first['schema'] ?? null) : null;
}

function jsonOf(schema: JsonValue): string {
  return `<pre>${text(JSON.stringify(schema, null, 2)).replaceAll(/#\/components\/schemas\/(\w+)/g, '<a href="#shape-$1">$1</a>')}</pre>`;
}

function objectAt(from: JsonObject, ...path: string[]): JsonObject {
  let at: JsonValue | undefined = from;
  for (const key of path) at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return isJsonObject(at) ? at : {};
}

function inline(written: string): string {
  return text(written).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
