/*
 * What the ledger asks of SQLite, prepared once. SQLite would prepare a statement anew for each value of a bound LIMIT, which
 * it plans by; `| 0` hides it from that.
 */

/** The condition of the index of active jobs: SQLite only sees that it may use that one where it is said. */
const active = `state IN ('running', 'verifying')`;

/** The condition of the index of jobs whose time is to come. */
const postponed = `state = 'waiting' AND due_at IS NOT NULL`;
/** The condition of the indexes of jobs that have not ended. */
export const open = `state <> 'ended'`;
/** The condition of the index of a lane's jobs: nothing but the lane may hold them back. */
export const eligible = `state = 'waiting' AND due_at IS NULL AND needs_open = 0 AND held = 0 AND ending IS NULL`;
/** The condition of the index of jobs that may run now. */
const ready = `${eligible} AND blocked = 0`;
/** The condition of the index of jobs that were told to end. */
const ending = `ending IS NOT NULL AND ${open}`;

/** The condition of the index of jobs that will expire. */
const expiring = `state = 'waiting' AND attempt = 0 AND expires_at IS NOT NULL`;

export const statementTexts = {
  findJob: 'SELECT id, drop_token FROM job WHERE id = ?',
  findSpec: 'SELECT spec FROM job WHERE id = ?',
  endedRecord: `SELECT record FROM job WHERE id = ? AND state = 'ended'`,
  insertJob: `INSERT INTO job (id, name, kind, state, priority, spec, pipeline_id, drop_token, file_name, dropped_by, dropped_at, accepted_at,
    due_at, expires_at, rank, lane, blocked, needs_open, ending, ending_reason, retry_of)
    VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  /** What a claim is made of, of each of them. */
  nextReady: `SELECT id, spec, priority, pipeline_id, dropped_at, accepted_at, dropped_by, attempt, token, round, rejection FROM job WHERE ${ready} AND kind = ?
    AND (expires_at IS NULL OR expires_at > ? OR attempt > 0) ORDER BY rank, seq LIMIT ? | 0`,
  /** Whether a claim may find something, or has starts to put right that a clock which was set back has left in the future. */
  mayClaim: `SELECT EXISTS (SELECT 1 FROM job WHERE ${ready} AND kind = ?) OR EXISTS (SELECT 1 FROM start WHERE at > ?) AS may`,
  /** What stands in the way of all claims of a kind: starts in the future, or a pause. */
  hindrance: `SELECT EXISTS (SELECT 1 FROM start WHERE at > ?) AS early, EXISTS (SELECT 1 FROM pause WHERE scope IN ('all', ?)) AS paused`,
  takeJob: `UPDATE job SET state = 'running', token = token + 1, attempt = attempt + 1, started_at = coalesce(started_at, ?) WHERE id = ?`,
  insertAttempt: 'INSERT INTO attempt (job_id, number, token, started_at) VALUES (?, ?, ?, ?)',
  deleteAttempt: 'DELETE FROM attempt WHERE job_id = ? AND number = ? AND token = ?',
  releaseJob: `UPDATE job SET state = 'waiting', blocked = (lane IS NOT NULL), attempt = attempt - 1, started_at = CASE attempt WHEN 1 THEN NULL ELSE started_at END
    WHERE id = ? AND state = 'running' AND token = ?`,
  runningJob: `SELECT id, ending, ending_reason FROM job WHERE id = ? AND state = 'running' AND token = ?`,
  noteProcess: 'UPDATE attempt SET process = ? WHERE job_id = ? AND number = ? AND token = ? AND record IS NULL',
  endAttempt: 'UPDATE attempt SET record = ? WHERE job_id = ? AND number = ?',
  waitAgain: `UPDATE job SET state = 'waiting', blocked = (lane IS NOT NULL), due_at = ? WHERE id = ?`,
  nextDue: `SELECT min(due_at) AS at FROM job WHERE ${postponed}`,
  nextExpiry: `SELECT min(expires_at) AS at FROM job WHERE ${expiring}`,
  letGo: `UPDATE job SET due_at = NULL WHERE ${postponed} AND due_at <= ? RETURNING lane`,
  ending: `SELECT * FROM job WHERE state = 'waiting' AND ${ending} ORDER BY seq LIMIT 1000`,
  cancelling: `SELECT id, ending_reason FROM job WHERE state = 'running' AND ${ending} ORDER BY seq`,
  /** Those of its lane that wait, are not to wait longer, and came before. */
  replaceWaiting: `UPDATE job SET ending = 'cancelled', ending_reason = ? WHERE lane = ? AND state = 'waiting' AND ${open} AND ending IS NULL AND id <> ?`,
  replaceActive: `UPDATE job SET ending = 'cancelled', ending_reason = ? WHERE lane = ? AND state IN ('running', 'verifying') AND ${open} AND ending IS NULL`,
  replaceVerifiers: `UPDATE job SET ending = 'cancelled', ending_reason = ? WHERE pipeline_id IN (SELECT id FROM job WHERE lane = ? AND state = 'verifying'
    AND ${open}) AND ${open} AND ending IS NULL`,
  /** How many of its lane run, or would before a new one; no more are counted than matter. */
  competitors: `SELECT (SELECT count(*) FROM job WHERE lane = ?1 AND state IN ('running', 'verifying') AND ${open})
    + (SELECT count(*) FROM (SELECT 1 FROM job WHERE lane = ?1 AND ${eligible} AND id <> ?2 LIMIT ?3 | 0)) AS count`,
  skip: `UPDATE job SET ending = 'skipped', ending_reason = ? WHERE id = ?`,
  aging: `SELECT value FROM setting WHERE name = 'aging'`,
  setAging: `INSERT OR REPLACE INTO setting (name, value) VALUES ('aging', ?)`,
  forgetAging: `DELETE FROM setting WHERE name = 'aging'`,
  /** Lanes of which some may run, and others not yet. */
  contested: `SELECT DISTINCT lane FROM job WHERE lane IS NOT NULL AND state = 'waiting' AND blocked = 0 AND ${open}`,
  rankAll: `UPDATE job SET rank = CASE WHEN ? = 0 THEN -priority ELSE accepted_at - priority * ? END WHERE ${open}`,
  expired: `SELECT * FROM job WHERE ${expiring} AND expires_at <= ? ORDER BY seq LIMIT 1000`,
  verifyJob: `UPDATE job SET state = 'verifying', outputs = ?, round = round + 1 WHERE id = ? RETURNING round`,
  /** Which time of its pipeline a verifier is of. */
  setRound: 'UPDATE job SET round = ? WHERE id = ?',
  verifiersOf: 'SELECT record FROM job WHERE pipeline_id = ? AND round = ? ORDER BY seq',
  verdictsOf: `SELECT id, outcome, json_extract(record, '$.reason') AS reason FROM job WHERE pipeline_id = ? AND state = 'ended' AND round <= ?
    ORDER BY seq DESC LIMIT 1000`,
  runAgain: `UPDATE job SET state = 'waiting', blocked = (lane IS NOT NULL), due_at = ?, rejection = ? WHERE id = ?`,
  endJob: `UPDATE job SET state = 'ended', ended_at = ?, outcome = ?, record = ? WHERE id = ?`,
  attemptsOf: 'SELECT record FROM attempt WHERE job_id = ? AND record IS NOT NULL ORDER BY number',
  verifyingJob: `SELECT * FROM job WHERE id = ? AND state = 'verifying'`,
  oweReport: 'INSERT INTO report (job_id) VALUES (?)',
  dueReports: `SELECT job.record FROM report JOIN job ON job.id = report.job_id WHERE report.job_id > ?
    ORDER BY report.job_id LIMIT ? | 0`,
  reported: 'DELETE FROM report WHERE job_id = ?',
  noteLog: `INSERT INTO log (job_id, written_at, bytes) VALUES (?, ?, ?)
    ON CONFLICT (job_id) DO UPDATE SET written_at = excluded.written_at, bytes = bytes + excluded.bytes`,
  noteRecovery: `UPDATE attempt SET recoveries = recoveries + 1 WHERE (job_id, number) IN (SELECT id, attempt FROM job
    WHERE state = 'running' AND ${active})`,
  leftovers: `SELECT job.*, attempt.started_at AS attempt_started_at, attempt.process, attempt.recoveries FROM job
    JOIN attempt ON attempt.job_id = job.id AND attempt.number = job.attempt WHERE job.state = 'running' AND ${active} ORDER BY job.seq`,
  counts: `SELECT 'waiting' AS state, (SELECT count(*) FROM job WHERE state = 'waiting') AS count
    UNION ALL SELECT state, count(*) FROM job WHERE ${active} GROUP BY state`,
} as const;
