/** The reports of ended jobs to whom they name: from the transaction that ended the job on, and as long as the job is kept. */
export const deliveryTable = `
    CREATE TABLE delivery (
      id TEXT PRIMARY KEY,
      job_id TEXT NOT NULL,
      number INTEGER NOT NULL,
      report TEXT NOT NULL,
      route TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('owed', 'made', 'given-up')),
      owed_at INTEGER NOT NULL,
      tries INTEGER NOT NULL DEFAULT 0,
      next_at INTEGER NOT NULL,
      ended_at INTEGER,
      why TEXT,
      CHECK ((state = 'owed') = (ended_at IS NULL))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX delivery_owed ON delivery (route, next_at) WHERE state = 'owed';
    CREATE INDEX delivery_of_job ON delivery (job_id, number);
    CREATE TRIGGER job_undelivered_stays BEFORE DELETE ON job
      WHEN EXISTS (SELECT 1 FROM delivery WHERE job_id = OLD.id AND state = 'owed')
      BEGIN SELECT RAISE(ABORT, 'a job whose reports are owed is never removed'); END;
`;

/** A condition on a job. */
export const noDeliveryOwed = `NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.job_id = job.id AND delivery.state = 'owed')`;

export const deleteDeliveries = 'DELETE FROM delivery WHERE job_id = ?';
