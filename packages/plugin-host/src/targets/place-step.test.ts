import type { PlannedTarget } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { describe, expect, it } from 'vitest';

import { type PlaceOptions, placeStep, type StepKind } from './place-step.js';
import type { ExecutionSettings } from './settings.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const IMAGE = { reference: 'localhost/node:24', digest: DIGEST };

interface Machine {
  readonly sandbox?: false;
  readonly watch?: false;
  readonly images?: 'none' | 'unreachable';
}

async function place(kind: StepKind, target: PlannedTarget | undefined, settings: ExecutionSettings = {}, machine: Machine = {}) {
  const options: PlaceOptions = {
    settings,
    canSandbox: () => Promise.resolve(machine.sandbox === false ? { ok: false, problem: 'bubblewrap is not installed' } : { ok: true }),
    canWatch: machine.watch !== false,
    resolveImage: (reference) =>
      machine.images === undefined
        ? Promise.resolve({ reference, digest: DIGEST })
        : Promise.reject(machine.images === 'none' ? new AppError('TARGET_NOT_AVAILABLE', { target: 'a container', problem: 'no podman' }) : new AppError('IMAGE_NOT_AVAILABLE', { image: reference, problem: 'the registry is away' })),
  };
  const placed = await placeStep(kind, { signal: () => new AbortController().signal, ...(target === undefined ? {} : { target }) }, options);
  return placed.ok ? placed : { code: placed.error.code, retryable: placed.retryable };
}

const ok = (isolation: string, more: object = {}): object => ({ ok: true, isolation, ...more });
const refused = (code: string, retryable = false): object => ({ code, retryable });
const sub: PlannedTarget = { mode: 'subprocess' };
const boxed: PlannedTarget = { mode: 'subprocess', sandbox: true };
const open: PlannedTarget = { mode: 'subprocess', sandbox: false };
const box: PlannedTarget = { mode: 'container', image: IMAGE.reference };
const here: PlannedTarget = { mode: 'in-process' };
const warm: PlannedTarget = { mode: 'worker-pool' };

describe('where a step runs that asks for nothing', () => {
  it.each<[StepKind, ExecutionSettings, Machine, object]>([
    ['script', {}, {}, ok('subprocess')],
    ['trusted-plugin', {}, {}, ok('in-process')],
    ['other-plugin', {}, {}, ok('sandbox')],
    ['other-plugin', {}, { sandbox: false }, ok('subprocess')],
    ['trusted-plugin', { target: warm }, {}, ok('worker-pool', { target: warm })],
    ['other-plugin', { target: warm }, {}, ok('worker-pool', { target: warm })],
    ['other-plugin', { target: here }, {}, ok('sandbox')],
    ['trusted-plugin', { target: here }, {}, ok('in-process', { target: here })],
    ['script', { target: box }, {}, ok('subprocess')],
    ['trusted-plugin', { minIsolation: 'worker-pool' }, {}, ok('worker-pool')],
    ['script', { minIsolation: 'worker-pool' }, {}, ok('subprocess')],
    ['script', { minIsolation: 'sandbox' }, {}, ok('sandbox')],
    ['script', { minIsolation: 'sandbox' }, { sandbox: false }, refused('TARGET_NOT_AVAILABLE')],
    ['trusted-plugin', { minIsolation: 'sandbox' }, {}, ok('sandbox')],
    ['other-plugin', { minIsolation: 'sandbox' }, { sandbox: false }, refused('TARGET_NOT_AVAILABLE')],
    ['trusted-plugin', { minIsolation: 'container', container: { image: IMAGE.reference } }, {}, ok('container', { image: IMAGE, target: { mode: 'container' } })],
    ['trusted-plugin', { minIsolation: 'container' }, {}, refused('TARGET_NOT_AVAILABLE')],
  ])('%s with %j on %j', async (kind, settings, machine, expected) => {
    expect(await place(kind, undefined, settings, machine)).toEqual(expected);
  });
});

describe('where a step runs that says where', () => {
  it.each<[StepKind, PlannedTarget, ExecutionSettings, Machine, object]>([
    ['trusted-plugin', sub, {}, {}, ok('subprocess', { target: sub })],
    ['trusted-plugin', boxed, {}, {}, ok('sandbox', { target: boxed })],
    ['trusted-plugin', boxed, {}, { sandbox: false }, refused('TARGET_NOT_AVAILABLE')],
    ['trusted-plugin', sub, { minIsolation: 'sandbox' }, {}, ok('sandbox', { target: sub })],
    ['trusted-plugin', sub, { target: boxed }, {}, ok('sandbox', { target: sub })],
    ['trusted-plugin', open, { target: boxed }, {}, ok('subprocess', { target: open })],
    ['trusted-plugin', open, { minIsolation: 'sandbox' }, {}, refused('TARGET_TOO_WEAK')],
    ['trusted-plugin', here, { minIsolation: 'worker-pool' }, {}, refused('TARGET_TOO_WEAK')],
    ['trusted-plugin', boxed, { minIsolation: 'container' }, {}, refused('TARGET_TOO_WEAK')],
    ['other-plugin', here, {}, {}, refused('TARGET_TOO_WEAK')],
    ['other-plugin', warm, {}, {}, ok('worker-pool', { target: warm })],
    ['script', here, {}, {}, refused('TARGET_NOT_AVAILABLE')],
    ['script', warm, {}, {}, refused('TARGET_NOT_AVAILABLE')],
    ['script', boxed, {}, {}, ok('sandbox', { target: boxed })],
    ['script', box, {}, {}, ok('container', { target: box, image: IMAGE })],
    ['script', box, {}, { images: 'none' }, refused('TARGET_NOT_AVAILABLE')],
    ['script', box, {}, { images: 'unreachable' }, refused('IMAGE_NOT_AVAILABLE', true)],
    ['script', { mode: 'container' }, {}, {}, refused('TARGET_NOT_AVAILABLE')],
    ['script', { mode: 'container', pids: 9 }, { container: { image: IMAGE.reference, pids: 64, cpus: 2 } }, {}, ok('container', { target: { mode: 'container', pids: 9, cpus: 2 }, image: IMAGE })],
    ['script', { mode: 'subprocess', memoryBytes: 1 }, {}, { watch: false }, refused('TARGET_NOT_AVAILABLE')],
    ['trusted-plugin', box, { minIsolation: 'container' }, {}, ok('container', { target: box, image: IMAGE })],
  ])('%s at %j with %j on %j', async (kind, target, settings, machine, expected) => {
    expect(await place(kind, target, settings, machine)).toEqual(expected);
  });
});
