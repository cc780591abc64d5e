import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { recordCall, temporaryFolder } from '../step-call.fixture.js';
import { createContext } from './create-context.js';
import { toGrant } from './grant.js';
import { narrowestQuotas, Quota } from './quota.js';

describe('a quota', () => {
  it('allows so many and refuses the next, before it happens', () => {
    const quota = new Quota({ requests: 2 });
    quota.take('requests');
    quota.take('requests');
    expect(() => quota.take('requests')).toThrow(expect.objectContaining({ code: 'QUOTA_EXCEEDED', details: { quota: 'requests', limit: 2 } }) as Error);
    quota.take('programs');
  });

  it('of tokens refuses from the call on that finds none left', () => {
    const quota = new Quota({ 'llm-tokens': 10 });
    quota.requireLeft('llm-tokens');
    quota.spend('llm-tokens', 9);
    quota.requireLeft('llm-tokens');
    quota.spend('llm-tokens', 50);
    expect(() => quota.requireLeft('llm-tokens')).toThrow('llm-tokens is 10');
  });

  it('is the smaller one of the command and the document, and the only one of both', () => {
    expect(narrowestQuotas({ requests: 3, programs: 0, storage: '1MiB' }, { requests: 5, 'llm-calls': 1, storage: 1_000 })).toEqual({ requests: 3, programs: 0, storage: 1_000, 'llm-calls': 1 });
    const quota = fc.option(fc.nat(), { nil: undefined });
    fc.assert(
      fc.property(quota, quota, (one, other) => {
        const { programs } = narrowestQuotas(one === undefined ? {} : { programs: one }, other === undefined ? {} : { programs: other });
        expect(programs).toBe([one, other].filter((limit) => limit !== undefined).sort((a, b) => a - b)[0]);
      }),
    );
    expect(new Quota({ storage: '2KiB' }).storageBytes).toBe(2_048);
  });
});

describe('what a step does', () => {
  it('is counted for the whole step, requests and connections together', async () => {
    using folder = temporaryFolder();
    const { call } = recordCall({ workspace: folder.path, permissions: { quotas: { requests: 2 } } });
    const grant = toGrant({ network: ['127.0.0.1'], shell: ['true'], quotas: { requests: 5, programs: 1 } }, call.permissions);
    const { ctx, close } = createContext(call, { grant, hostEnv: { PATH: process.env['PATH'] }, killGraceMs: 1 });
    // Nobody listens on port 9 here: both fail, and both were made.
    await expect(ctx.fetch('http://127.0.0.1:9/')).rejects.not.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await expect(ctx.connect('127.0.0.1', 9)).rejects.not.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await expect(ctx.fetch('http://127.0.0.1:9/')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', details: { quota: 'requests', limit: 2 } });
    await expect(ctx.connect('127.0.0.1', 9)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await ctx.exec('true')).toMatchObject({ exitCode: 0 });
    await expect(ctx.exec('true')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', details: { quota: 'programs', limit: 1 } });
    await close();
  });
});
