import type { ApiKeyView, AuditEntry, NewApiKeyView, Page, Role } from '@kb-labs/contracts';

interface PageOfTenant {
  /** Left out: of the tenant of whoever asks. */
  readonly tenant?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** Where keys are made and the audit log is read: in the state of the project, or at a gateway. */
export interface AccessDesk {
  /** Without a name it is the one of whoever asks. */
  createKey(command: { readonly name?: string; readonly role: Role; readonly tenant?: string; readonly lifeMs?: number }): Promise<NewApiKeyView>;
  listKeys(query: PageOfTenant): Promise<Page<ApiKeyView>>;
  revokeKey(id: string): Promise<ApiKeyView>;
  listAudit(query: PageOfTenant): Promise<Page<AuditEntry>>;
}
