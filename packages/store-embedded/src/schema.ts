/**
 * The tables, by version. A version that has been released never changes: a new one is added to the end.
 *
 * `run` is the catalog row of a run and the state of its journal: `head` is the last event, `decided` the last one of a
 * decision. `entry`, `log_step` and `log_line` refer to it by its short `key`; tickets carry the run's id, because a
 * worker knows nothing else, and copies of its `root` and `tenant`, because hand-outs are looked up by them. `rank` is the
 * priority of a ticket, the first to go is 0; `parked` keeps it from being handed out. An empty `job` of a claim stands for
 * the run as a whole: two NULLs would not count as the same.
 *
 * An `entry` is what one append added to a journal: a JSON list of events. Its `place` is the key of the run, and in the last 24 bits
 * the number of its last event: entries of a run are next to each other, without an index beside the rows. What a run was created with, and
 * how it went on in the same write at the same time, is its `opening`, most of a journal because the plan is in it: away from the entries, so
 * that no append writes it again. Journals that were begun before version 6 have it among their entries.
 *
 * The bytes of a run are those of its journal as they come, those of its log once it has ended (until then: per step), and
 * those of the blobs it refers to; `kept` is the sum of the runs of a tenant that have ended. A blob that no run refers to has
 * a time in `unused_since`.
 */
export interface Migration {
  readonly to: number;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    to: 1,
    sql: `
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('token', 0), ('open', 0);

CREATE TABLE run (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  journal INTEGER NOT NULL,
  head INTEGER NOT NULL,
  decided INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  workflow_id TEXT NOT NULL,
  workflow_version TEXT,
  status TEXT NOT NULL,
  origin TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER
);
CREATE INDEX run_open ON run (id) WHERE ended = 0;
CREATE INDEX run_by_workflow ON run (workflow_id, id);
CREATE INDEX run_by_status ON run (status, id);
CREATE INDEX run_by_both ON run (workflow_id, status, id);
CREATE INDEX run_by_time ON run (created_at, id);

CREATE TABLE event (
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) WITHOUT ROWID;

CREATE TABLE idempotency (
  key TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  run_id TEXT NOT NULL,
  keep_until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX idempotency_by_time ON idempotency (keep_until);

CREATE TABLE ticket (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  run_id TEXT NOT NULL,
  job TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  worker TEXT,
  token INTEGER,
  until INTEGER
);
CREATE INDEX ticket_free ON ticket (not_before, n) WHERE worker IS NULL;
CREATE INDEX ticket_held ON ticket (worker) WHERE worker IS NOT NULL;

CREATE TABLE worker (
  id TEXT PRIMARY KEY,
  scope TEXT,
  host TEXT NOT NULL,
  boot TEXT NOT NULL,
  space TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started TEXT NOT NULL,
  seen INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE log_step (
  key INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  job TEXT NOT NULL,
  step TEXT NOT NULL,
  last INTEGER NOT NULL,
  UNIQUE (run, job, step)
);
CREATE TABLE log_line (
  run INTEGER NOT NULL,
  cursor INTEGER NOT NULL,
  step INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  stream TEXT NOT NULL,
  level TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, cursor)
) WITHOUT ROWID;
`,
  },
  {
    to: 2,
    sql: `
ALTER TABLE run ADD COLUMN root TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';
ALTER TABLE run ADD COLUMN parent TEXT;
UPDATE run SET root = id;

ALTER TABLE ticket ADD COLUMN root TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';
ALTER TABLE ticket ADD COLUMN rank INTEGER NOT NULL DEFAULT 1;
ALTER TABLE ticket ADD COLUMN parked INTEGER NOT NULL DEFAULT 0;
UPDATE ticket SET root = run_id;
DROP INDEX ticket_free;
DROP INDEX ticket_held;
CREATE INDEX ticket_free ON ticket (rank, not_before) WHERE worker IS NULL AND parked = 0;
CREATE INDEX ticket_by_tenant ON ticket (tenant, rank, not_before) WHERE parked = 0;
CREATE INDEX ticket_by_root ON ticket (root, tenant, rank, not_before) WHERE parked = 0;
CREATE INDEX ticket_held ON ticket (root) WHERE worker IS NOT NULL;

CREATE TABLE claim (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  group_name TEXT NOT NULL,
  run_id TEXT NOT NULL,
  job TEXT NOT NULL,
  UNIQUE (run_id, job)
);
CREATE INDEX claim_by_group ON claim (group_name, n);

CREATE TABLE wait (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL,
  job TEXT NOT NULL,
  step TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT,
  since INTEGER NOT NULL,
  UNIQUE (run_id, job, step)
);
CREATE INDEX wait_by_run ON wait (run_id, n);
CREATE INDEX wait_by_kind ON wait (kind, n);
CREATE INDEX wait_by_name ON wait (name, n) WHERE name IS NOT NULL;
`,
  },
  {
    to: 3,
    sql: `
ALTER TABLE run ADD COLUMN ended_at INTEGER;
ALTER TABLE run ADD COLUMN journal_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN log_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN artifact_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN blobs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN log_removed_at INTEGER;
ALTER TABLE run ADD COLUMN artifacts_removed_at INTEGER;
CREATE INDEX run_by_tenant ON run (tenant, id);
CREATE INDEX run_by_tenant_workflow ON run (tenant, workflow_id, id);
CREATE INDEX run_by_tenant_status ON run (tenant, status, id);
CREATE INDEX run_by_tenant_both ON run (tenant, workflow_id, status, id);

ALTER TABLE log_step ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE log_step SET bytes = counted.bytes
FROM (SELECT step, sum(length(CAST(text AS BLOB)) + 1) AS bytes FROM log_line GROUP BY step) AS counted WHERE counted.step = log_step.key;

CREATE TABLE blob (
  key INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  unused_since INTEGER
);
CREATE INDEX blob_unused ON blob (unused_since) WHERE unused_since IS NOT NULL;
CREATE TABLE blob_of_run (
  run INTEGER NOT NULL,
  blob INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (run, blob)
) WITHOUT ROWID;
CREATE INDEX run_of_blob ON blob_of_run (blob);

CREATE TEMP TABLE named AS
SELECT run, json_extract(value, '$.digest') AS digest, json_extract(value, '$.bytes') AS bytes FROM (
  SELECT event.run, part.value FROM event, json_each(iif(json_valid(body), body, '{}'), '$.artifacts') AS part WHERE part.type = 'object'
  UNION ALL
  SELECT event.run, part.value FROM event, json_tree(iif(json_valid(body), body, '{}'), '$.rerun.earlier') AS part
  WHERE seq = 1 AND part.type = 'object' AND part.path LIKE '%.artifacts'
);
DELETE FROM named WHERE digest IS NULL OR digest NOT GLOB 'sha256:*' OR typeof(bytes) <> 'integer';
INSERT OR IGNORE INTO blob (digest) SELECT digest FROM named;
INSERT OR IGNORE INTO blob_of_run (run, blob, bytes) SELECT named.run, blob.key, named.bytes FROM named JOIN blob ON blob.digest = named.digest;
DROP TABLE named;

UPDATE run SET journal_bytes = counted.bytes
FROM (SELECT run, sum(length(CAST(body AS BLOB))) AS bytes FROM event GROUP BY run) AS counted WHERE counted.run = run.key;
UPDATE run SET artifact_bytes = counted.bytes, blobs = counted.blobs
FROM (SELECT run, sum(bytes) AS bytes, count(*) AS blobs FROM blob_of_run GROUP BY run) AS counted WHERE counted.run = run.key;
UPDATE run SET ended_at = coalesce(finished_at, created_at) WHERE ended = 1;
UPDATE run SET log_bytes = counted.bytes
FROM (SELECT run, sum(bytes) AS bytes FROM log_step GROUP BY run) AS counted WHERE counted.run = run.key AND ended = 1;
CREATE INDEX run_ended ON run (tenant, ended_at, id) WHERE ended = 1;
CREATE INDEX run_with_log ON run (tenant, ended_at, id) WHERE ended = 1 AND log_bytes > 0;
CREATE INDEX run_with_artifacts ON run (tenant, ended_at, id) WHERE ended = 1 AND blobs > 0;

CREATE TABLE kept (
  tenant TEXT PRIMARY KEY,
  journal INTEGER NOT NULL,
  log INTEGER NOT NULL,
  artifacts INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO kept SELECT tenant, sum(journal_bytes), sum(log_bytes), sum(artifact_bytes) FROM run WHERE ended = 1 GROUP BY tenant;

ALTER TABLE wait ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';
UPDATE wait SET tenant = run.tenant FROM run WHERE run.id = wait.run_id;
CREATE INDEX wait_by_tenant ON wait (tenant, n);
CREATE INDEX wait_by_tenant_kind ON wait (tenant, kind, n);
CREATE INDEX wait_by_tenant_name ON wait (tenant, name, n) WHERE name IS NOT NULL;

CREATE TABLE record (
  n INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  value TEXT NOT NULL,
  expires_at INTEGER,
  UNIQUE (kind, key)
);
CREATE INDEX record_by_time ON record (expires_at) WHERE expires_at IS NOT NULL;
`,
  },
  {
    to: 4,
    // Every change of a status is written to each index that has it. Those without a tenant are walks over the tenants now.
    sql: `
DROP INDEX run_by_workflow;
DROP INDEX run_by_status;
DROP INDEX run_by_both;
`,
  },
  {
    to: 5,
    sql: `
CREATE TABLE entry (
  place INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  events TEXT NOT NULL
);
INSERT INTO entry SELECT run << 24 | seq, at, '[' || body || ']' FROM event ORDER BY run, seq;
DROP TABLE event;
`,
  },
  {
    to: 6,
    sql: `
CREATE TABLE opening (
  run INTEGER PRIMARY KEY,
  last INTEGER NOT NULL,
  at INTEGER NOT NULL,
  events TEXT NOT NULL
);
`,
  },
  {
    to: 7,
    // Hand-outs look up free tickets only: one that is handed out in the transaction that queues it is not in these.
    sql: `
DROP INDEX ticket_by_tenant;
DROP INDEX ticket_by_root;
CREATE INDEX ticket_by_tenant ON ticket (tenant, rank, not_before) WHERE worker IS NULL AND parked = 0;
CREATE INDEX ticket_by_root ON ticket (root, tenant, rank, not_before) WHERE worker IS NULL AND parked = 0;
`,
  },
  {
    to: 8,
    // The others have the status, and lists of all statuses walk those.
    sql: `
DROP INDEX run_by_tenant;
DROP INDEX run_by_tenant_workflow;
`,
  },
  {
    to: 9,
    // Tickets are looked up by their ids, without an index beside the rows; a counter keeps them in the order they were queued.
    sql: `
CREATE TABLE ticket_by_id (
  id TEXT PRIMARY KEY,
  n INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  root TEXT NOT NULL,
  tenant TEXT NOT NULL,
  job TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  parked INTEGER NOT NULL,
  worker TEXT,
  token INTEGER,
  until INTEGER
) WITHOUT ROWID;
INSERT INTO ticket_by_id SELECT id, n, run_id, root, tenant, job, attempt, turn, rank, not_before, parked, worker, token, until FROM ticket;
INSERT INTO counter (name, value) SELECT 'ticket', coalesce(max(n), 0) FROM ticket;
DROP TABLE ticket;
ALTER TABLE ticket_by_id RENAME TO ticket;
CREATE INDEX ticket_free ON ticket (rank, not_before, n) WHERE worker IS NULL AND parked = 0;
CREATE INDEX ticket_by_tenant ON ticket (tenant, rank, not_before, n) WHERE worker IS NULL AND parked = 0;
CREATE INDEX ticket_by_root ON ticket (root, tenant, rank, not_before, n) WHERE worker IS NULL AND parked = 0;
CREATE INDEX ticket_held ON ticket (root) WHERE worker IS NOT NULL;
`,
  },
];
