/**
 * What would take a look at every row, kept up to date by the database itself in the transaction that changes it: how
 * many jobs have ended, and how much their logs hold together.
 */
export const totals = `
  CREATE TABLE total (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO total SELECT 'ended', count(*) FROM job WHERE state = 'ended';
  INSERT INTO total SELECT 'log-bytes', coalesce(sum(bytes), 0) FROM log;
  CREATE TRIGGER total_job_added AFTER INSERT ON job WHEN NEW.state = 'ended'
    BEGIN UPDATE total SET value = value + 1 WHERE name = 'ended'; END;
  CREATE TRIGGER total_job_ended AFTER UPDATE OF state ON job WHEN NEW.state = 'ended'
    BEGIN UPDATE total SET value = value + 1 WHERE name = 'ended'; END;
  CREATE TRIGGER total_job_removed AFTER DELETE ON job WHEN OLD.state = 'ended'
    BEGIN UPDATE total SET value = value - 1 WHERE name = 'ended'; END;
  CREATE TRIGGER total_log_added AFTER INSERT ON log
    BEGIN UPDATE total SET value = value + NEW.bytes WHERE name = 'log-bytes'; END;
  CREATE TRIGGER total_log_changed AFTER UPDATE OF bytes ON log
    BEGIN UPDATE total SET value = value + NEW.bytes - OLD.bytes WHERE name = 'log-bytes'; END;
  CREATE TRIGGER total_log_removed AFTER DELETE ON log
    BEGIN UPDATE total SET value = value - OLD.bytes WHERE name = 'log-bytes'; END;
`;

/** A total, by its name. */
export const findTotal = 'SELECT value FROM total WHERE name = ?';
