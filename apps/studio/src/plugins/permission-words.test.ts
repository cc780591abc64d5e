import { describe, expect, it } from 'vitest';

import { permissionWords } from './permission-words.js';

describe('permissions in words', () => {
  it('say each kind of access', () => {
    expect(
      permissionWords({
        shell: ['git', 'node'],
        network: ['api.example.org', '*.example.com'],
        fs: { read: ['**'], write: ['dist/**'] },
        env: ['HOME'],
        secrets: ['TOKEN'],
        services: ['llm', 'storage'],
        quotas: { requests: 1_000, storage: '10mb' },
      }),
    ).toEqual([
      'Starts git, node',
      'Reaches api.example.org, *.example.com',
      'Reads files **',
      'Writes files dist/**',
      'Sees the environment variables HOME',
      'Is given the secrets TOKEN',
      'Asks a language model',
      'Keeps values of its own',
      'At most 1,000 requests, 10mb of storage in a step',
    ]);
  });

  it('tell all programs from some, and none', () => {
    expect(permissionWords({ shell: true })).toEqual(['Starts any program']);
    expect(permissionWords({ shell: false, network: [], fs: {}, quotas: {} })).toEqual([]);
  });
});
