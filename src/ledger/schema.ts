import { deliveryTable } from './delivery-table.ts';
import { totals } from './totals.ts';

/*
 * The ledger's tables. A job's row moves along these states, and never back from the last one:
 *
 *   accept            claim               finish
 *  ───────▶ waiting ───────▶ running ──────────────────────────▶ ended
 *            ▲ ▲                │ │                                ▲
 *            │ └────────────────┘ └──────▶ verifying ──────────────┘
 *            │ release, interrupted,  steps done │  its last verifier ended
 *            │ crashed and tried again           │
 *            └───────────────────────────────────┘ rejected and tried again
 *
 * A waiting job may run where nothing of this holds it back: its time (due_at), a job that it needs (needs_open), its
 * group or rate (blocked), somebody (held), or that it is to end without running (ending).
 */

/** What `PRAGMA user_version` says of a ledger that this program writes. */
export const schemaVersion = 5;

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
  4: `
    ALTER TABLE job ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE job ADD COLUMN lane TEXT;
    ALTER TABLE job ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE job ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE job ADD COLUMN needs_open INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE job ADD COLUMN ending TEXT CHECK (ending IN ('cancelled', 'skipped'));
    ALTER TABLE job ADD COLUMN ending_reason TEXT;
    ALTER TABLE job ADD COLUMN retry_of TEXT;
    ALTER TABLE job ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE job ADD COLUMN rejection TEXT;
    UPDATE job SET rank = -priority WHERE state <> 'ended';
    UPDATE job SET round = 1 WHERE state = 'verifying' OR (state <> 'ended' AND pipeline_id IS NOT NULL);

    DROP INDEX job_waiting;
    DROP INDEX job_due;
    CREATE INDEX job_ready ON job (kind, rank, seq) WHERE state = 'waiting' AND due_at IS NULL AND needs_open = 0
      AND held = 0 AND ending IS NULL AND blocked = 0;
    CREATE INDEX job_waiting ON job (due_at) WHERE state = 'waiting';
    CREATE INDEX job_lane ON job (lane, rank, seq) WHERE state = 'waiting' AND due_at IS NULL AND needs_open = 0
      AND held = 0 AND ending IS NULL AND lane IS NOT NULL;
    CREATE INDEX job_lane_open ON job (lane, state, blocked) WHERE state <> 'ended' AND lane IS NOT NULL;
    CREATE INDEX job_ending ON job (state) WHERE ending IS NOT NULL AND state <> 'ended';
    CREATE INDEX job_open_name ON job (name) WHERE state <> 'ended';
    CREATE INDEX job_pipeline ON job (pipeline_id, round) WHERE pipeline_id IS NOT NULL;

    CREATE TABLE lane (name TEXT PRIMARY KEY, max_active INTEGER, max_starts INTEGER, per_ms INTEGER, reopens_at INTEGER) STRICT, WITHOUT ROWID;
    CREATE INDEX lane_reopening ON lane (reopens_at) WHERE reopens_at IS NOT NULL;
    CREATE TABLE start (lane TEXT NOT NULL, at INTEGER NOT NULL, job_id TEXT NOT NULL, token INTEGER NOT NULL,
      PRIMARY KEY (lane, at, job_id, token)) STRICT, WITHOUT ROWID;
    CREATE INDEX start_at ON start (at);
    CREATE TABLE need (job_id TEXT NOT NULL, needs_id TEXT NOT NULL, PRIMARY KEY (job_id, needs_id)) STRICT, WITHOUT ROWID;
    CREATE INDEX need_of ON need (needs_id);
    CREATE TABLE pause (scope TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    ${deliveryTable}
  `,
  5: `
    DROP INDEX job_waiting;
    CREATE INDEX job_waiting ON job (due_at, kind) WHERE state = 'waiting';
    CREATE INDEX job_ended_outcome ON job (outcome, kind) WHERE state = 'ended';
    CREATE INDEX job_ended_name ON job (name, outcome, kind) WHERE state = 'ended';
    ${totals}
  `,
};
