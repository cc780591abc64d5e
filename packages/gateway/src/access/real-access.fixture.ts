import type { Tier } from '@kb-labs/contracts';
import type { EngineDeps } from '@kb-labs/engine';

import { type Harness, type HarnessOptions, openHarness } from '../harness.fixture.js';
import type { Access } from './access.js';
import { type AccessOptions, createAccess } from './create-access.js';

const UNBOUNDED: Tier = { retention: { runs: {}, logs: {}, artifacts: {} } };

/** A gateway that asks for real keys. */
export function openWithAccess({ wrap, ...options }: HarnessOptions, access: Partial<AccessOptions> = {}): Promise<Harness> {
  let made: Access | undefined;
  const real = (): Access => {
    if (made === undefined) throw new Error('asked too early');
    return made;
  };
  return openHarness({
    ...options,
    wrap: (deps: EngineDeps) => {
      made = createAccess(deps, { tierOf: () => UNBOUNDED, secure: false, ...access });
      return wrap?.(deps) ?? deps;
    },
    access: {
      authenticate: (knock) => real().authenticate(knock),
      authorize: (caller, permission) => {
        real().authorize(caller, permission);
      },
      limit: (caller, route) => real().limit(caller, route),
      record: (entry) => real().record(entry),
    },
  });
}
