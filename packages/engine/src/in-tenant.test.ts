import fc from 'fast-check';
import { expect, it } from 'vitest';

import { inTenant, withoutTenant } from './in-tenant.js';

const tenants = fc.constantFrom('default', 'acme', 'acme2', 'a');
const names = fc.oneof(fc.string(), fc.string().map((text) => `\u001f${text}`), fc.constantFrom('deploy', '\u001facme\u001fdeploy', '\u001fdefault\u001fdeploy', '\u001f'));

it('gives the same name to nobody else, whatever it is', () => {
  fc.assert(fc.property(tenants, names, tenants, names, (tenant, name, other, another) => {
    const same = tenant === other && name === another;
    expect(inTenant(tenant, name) === inTenant(other, another)).toBe(same);
  }));
});

it('gives the name back', () => {
  fc.assert(fc.property(tenants, names, (tenant, name) => {
    expect(withoutTenant(inTenant(tenant, name))).toBe(name);
  }));
  expect(inTenant('default', 'deploy')).toBe('deploy');
});
