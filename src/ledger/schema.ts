/*
 * The ledger's tables. A job's row moves along these states, and never back from the last one:
 *
 *   accept            claim               finish
 *  ───────▶ waiting ───────▶ running ──────────────────────────▶ ended
 *              ▲                │ │                                ▲
 *              └────────────────┘ └──────▶ verifying ──────────────┘
 *            release, interrupted     steps done      its verifier ended
 */

/** What `PRAGMA user_version` says of a ledger that this program writes. */
export const schemaVersion = 3;

/** `BOOT` in ASCII: tells our file from another program's (PRAGMA application_id). */
export const applicationId = 0x424f4f54;

/** The statements that bring a ledger from the version before to this one, by version. */
export const migrations: Readonly<Record<number, string>> = {
  1: `
    CREATE TABLE job (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('pipeline', 'verifier')),
      state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'verifying', 'ended')),
      priority INTEGER NOT NULL,
      spec TEXT NOT NULL,
      pipeline_id TEXT,
      drop_token TEXT NOT NULL,
      file_name TEXT NOT NULL,
      dropped_by INTEGER NOT NULL,
      dropped_at INTEGER NOT NULL,
      accepted_at INTEGER NOT NULL,
      token INTEGER NOT NULL DEFAULT 0,
      attempt INTEGER NOT NULL DEFAULT 0,
      started_at INTEGER,
      ended_at INTEGER,
      outputs TEXT NOT NULL DEFAULT '{}',
      outcome TEXT CHECK (outcome IN ('succeeded', 'rejected', 'crashed', 'cancelled', 'skipped')),
      record TEXT,
      CHECK ((state = 'ended') = (outcome IS NOT NULL)),
      CHECK ((state = 'ended') = (record IS NOT NULL))
    ) STRICT;
    CREATE INDEX job_waiting ON job (kind, priority DESC, seq) WHERE state = 'waiting';
    CREATE INDEX job_active ON job (state) WHERE state IN ('running', 'verifying');
    CREATE TRIGGER job_ended_is_final BEFORE UPDATE ON job WHEN OLD.state = 'ended'
      BEGIN SELECT RAISE(ABORT, 'an ended job never changes'); END;

    CREATE TABLE attempt (
      job_id TEXT NOT NULL,
      number INTEGER NOT NULL,
      token INTEGER NOT NULL,
      started_at INTEGER NOT NULL,
      process TEXT,
      record TEXT,
      PRIMARY KEY (job_id, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER attempt_ended_is_final BEFORE UPDATE ON attempt WHEN OLD.record IS NOT NULL
      BEGIN SELECT RAISE(ABORT, 'an ended attempt never changes'); END;

    CREATE TABLE report (job_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
  2: `
    ALTER TABLE attempt ADD COLUMN recoveries INTEGER NOT NULL DEFAULT 0;

    CREATE INDEX job_ended ON job (ended_at, seq) WHERE state = 'ended';
    CREATE TRIGGER job_open_stays BEFORE DELETE ON job WHEN OLD.state <> 'ended'
      BEGIN SELECT RAISE(ABORT, 'a job that has not ended is never removed'); END;
    CREATE TRIGGER job_owed_stays BEFORE DELETE ON job WHEN EXISTS (SELECT 1 FROM report WHERE job_id = OLD.id)
      BEGIN SELECT RAISE(ABORT, 'a job whose report is owed is never removed'); END;

    CREATE TABLE log (job_id TEXT PRIMARY KEY, written_at INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX log_oldest ON log (written_at, bytes);

    CREATE TABLE suspect (token TEXT PRIMARY KEY, deaths INTEGER NOT NULL, reading INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
  `,
  3: `
    ALTER TABLE job ADD COLUMN due_at INTEGER;
    ALTER TABLE job ADD COLUMN expires_at INTEGER;
    DROP INDEX job_waiting;
    CREATE INDEX job_waiting ON job (kind, priority DESC, seq) WHERE state = 'waiting' AND due_at IS NULL;
    CREATE INDEX job_due ON job (due_at) WHERE state = 'waiting' AND due_at IS NOT NULL;
    CREATE INDEX job_expiring ON job (expires_at) WHERE state = 'waiting' AND attempt = 0 AND expires_at IS NOT NULL;
  `,
};
