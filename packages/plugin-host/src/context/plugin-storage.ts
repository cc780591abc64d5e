import { type JsonValue, LIMITS, type PluginStorage } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Redactor } from '@kb-labs/ports';

import { copyJson } from '../json-value.js';
import type { Grant } from './grant.js';
import type { Quota } from './quota.js';
import { redactStrings } from './redact-strings.js';
import type { StepServices } from './step-services.js';

export interface StorageOptions {
  readonly storage: StepServices['storage'];
  readonly tenant: string;
  readonly plugin: string;
  readonly grant: Pick<Grant, 'requireService'>;
  readonly quota: Quota;
  readonly redactor: Redactor | undefined;
}

/** `ctx.storage`. Secrets are taken out of keys and values: nothing that lasts holds one. */
export function pluginStorage({ storage, tenant, plugin, grant, quota, redactor }: StorageOptions): PluginStorage {
  let opened: PluginStorage | undefined;
  const open = (): PluginStorage => {
    grant.requireService('storage');
    if (storage === undefined) throw new AppError('STORAGE_NOT_AVAILABLE');
    const { storageBytes } = quota;
    return (opened ??= storage({ tenant, plugin, ...(storageBytes === undefined ? {} : { quotaBytes: storageBytes }) }));
  };
  const toKey = (key: string): string => {
    if (typeof key !== 'string' || key.length < 1 || key.length > LIMITS.storageKeyLength || !key.isWellFormed() || key.includes('\0')) {
      throw new RangeError(`a key of the storage is a text of 1 to ${String(LIMITS.storageKeyLength)} characters`);
    }
    return redactor?.text(key) ?? key;
  };
  return {
    get: async (key) => open().get(toKey(key)),
    set: async (key, value) => open().set(toKey(key), toValue(value, { plugin, redactor })),
    remove: async (key) => open().remove(toKey(key)),
    keys: async (prefix) => open().keys(prefix === undefined || prefix === '' ? undefined : toKey(prefix)),
  };
}

function toValue(value: unknown, { plugin, redactor }: { readonly plugin: string; readonly redactor: Redactor | undefined }): JsonValue {
  const copy = copyJson(value, LIMITS.storageValueBytes);
  if (copy.kind === 'too-large') throw new AppError('STORAGE_FULL', { plugin, problem: `one value has at most ${String(LIMITS.storageValueBytes)} bytes as JSON` });
  if (copy.kind === 'refused') throw new TypeError(`what is stored is JSON: ${copy.problem}`);
  return redactor === undefined ? copy.value : redactStrings(redactor, copy.value);
}
