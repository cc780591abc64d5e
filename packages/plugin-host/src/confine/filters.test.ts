import { describe, expect, it } from 'vitest';

import { narrowerFilter } from './container-filter.js';
import { seccompFilter } from './seccomp-filter.js';

const ALLOW = 'SCMP_ACT_ALLOW';

describe('narrowerFilter', () => {
  it('takes out what no step needs, and lets the rest be', () => {
    const own = { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38, archMap: [{ architecture: 'X' }], syscalls: [{ names: ['read', 'unshare', 'clone'], action: ALLOW }, { names: ['mount'], action: ALLOW, includes: { caps: ['CAP_SYS_ADMIN'] } }, { names: ['personality'], action: ALLOW, args: [{ index: 0 }] }] };
    const narrower = JSON.parse(narrowerFilter(JSON.stringify(own)) ?? '') as typeof own;
    expect({ ...narrower, syscalls: narrower.syscalls.slice(0, 2) }).toEqual({ ...own, syscalls: [{ names: ['read'], action: ALLOW }, own.syscalls[2]] });
    const rules = narrower.syscalls.slice(2).map(({ names, action }) => [names.join(), action]);
    expect(rules).toEqual([['clone', ALLOW], ['clone3', 'SCMP_ACT_ERRNO'], ['socket', ALLOW], ['socket', ALLOW], ['socket', ALLOW], ['socket', ALLOW]]);
  });

  it.each(['', '{', 'null', '[]', '{"syscalls":[]}', '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]}', '{"defaultAction":"x","syscalls":[{}]}', '{"defaultAction":"x","syscalls":{}}'])('makes none of %s', (text) => {
    expect(narrowerFilter(text)).toBeUndefined();
  });
});

describe('seccompFilter', () => {
  it.each(['x64', 'arm64'] as const)('decides each call on %s as it should', (architecture) => {
    const filter = seccompFilter(architecture) ?? Buffer.alloc(0);
    const [audit, socket, keyctl, read] = architecture === 'x64' ? [0xc000003e, 41, 250, 0] : [0xc00000b7, 198, 219, 63];
    const [allowed, denied, missing, noFamily] = [0x7fff0000, 0x50001, 0x50026, 0x50061];
    expect(decide(filter, { audit, number: read })).toBe(allowed);
    expect(decide(filter, { audit, number: keyctl })).toBe(denied);
    expect(decide(filter, { audit, number: keyctl + 0x40000000 })).toBe(missing);
    expect(decide(filter, { audit: 0x40000003, number: read })).toBe(missing);
    expect([1, 2, 10, 16, 17, 31, 38, 40].map((first) => decide(filter, { audit, number: socket, first }))).toEqual([allowed, allowed, allowed, allowed, noFamily, noFamily, noFamily, noFamily]);
    expect(decide(filter, { audit, number: read, first: 40 })).toBe(allowed);
  });

  it('is not there for a machine that is not known', () => {
    expect(seccompFilter('riscv64')).toBeUndefined();
  });
});

/** Runs the filter as the kernel does (bpf(4)). */
function decide(filter: Buffer, { audit, first = 0, number }: { audit: number; number: number; first?: number }): number {
  const data: Readonly<Record<number, number>> = { 0: number, 4: audit, 16: first };
  let accumulator = 0;
  for (let at = 0; at < filter.length / 8; at += 1) {
    const [code, ifTrue, ifFalse, value] = [filter.readUInt16LE(at * 8), filter.readUInt8(at * 8 + 2), filter.readUInt8(at * 8 + 3), filter.readUInt32LE(at * 8 + 4)];
    if (code === 0x20) accumulator = data[value] ?? Number.NaN;
    else if (code === 0x15) at += accumulator === value ? ifTrue : ifFalse;
    else if (code === 0x35) at += accumulator >= value ? ifTrue : ifFalse;
    else if (code === 0x06) return value;
    else throw new Error(`an instruction that is not known: ${String(code)}`);
  }
  throw new Error('it ends without a decision');
}
