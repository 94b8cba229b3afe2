import { attempt, life } from './forged.ts';
import { killed, lost, putAside, type Spoiled } from './story.ts';

const crashed = attempt('crashed', 1, 300, 400);

/** What may be wrong with the attempts of one job. */
export const spoiledAttempts: readonly Spoiled[] = [
  {
    flaw: 'overlap',
    what: 'an attempt lived on after the next had begun',
    spoil: (story) => story.write('last', 'beat', 'again', 1),
  },
  {
    flaw: 'overlap',
    what: 'an earlier attempt began after a later one',
    spoil: (story) => story.write('last', 'start', 'again', 1),
  },
  {
    flaw: 'ran-twice',
    what: 'an attempt ran twice under one number',
    spoil: (story) => story.write('first', 'start', 'plain'),
  },
  {
    flaw: 'attempts-miscounted',
    what: 'an outcome counts more attempts than it lists',
    spoil: (story) => (story.outcome('again').attempt = 4),
  },
  {
    flaw: 'attempts-miscounted',
    what: 'an attempt ran that the outcome does not know',
    spoil: (story) => story.write('last', 'start', 'plain', 2),
  },
  {
    flaw: 'attempts-miscounted',
    what: 'an attempt has the number of another',
    spoil: (story) => (story.attempt('again', 2).attempt = 1),
  },
  {
    flaw: 'wrong-outcome',
    what: 'a crash became a success',
    spoil: (story) => story.retell('crash', attempt('succeeded', 1, 300, 400)),
  },
  {
    flaw: 'wrong-outcome',
    what: 'a success became a crash',
    spoil: (story) => story.retell('plain', crashed),
  },
  { flaw: 'wrong-outcome', what: 'an exit code is another', spoil: (story) => (story.attempt('crash').exitCode = 4) },
  { flaw: 'wrong-outcome', what: 'a reason is another', spoil: (story) => (story.attempt('crash').reason = 'why') },
  {
    flaw: 'wrong-outcome',
    what: 'a job that nobody hit was killed',
    spoil: (story) => story.retell('crash', killed()),
  },
  {
    flaw: 'wrong-outcome',
    what: 'another attempt was hit than the one that was killed',
    spoil: (story) => {
      story.retell('crash', killed());
      story.batch.hits.push({ jobId: 'crash', attempt: 2 }, { jobId: 'plain', attempt: 1 });
    },
  },
  {
    flaw: 'wrong-outcome',
    what: 'a job is told to have exceeded a limit that it kept',
    spoil: (story) => {
      story.job('crash').course.limitMs = 2000;
      story.retell('crash', { ...crashed, cause: 'timeout', exitCode: null });
    },
  },
  {
    flaw: 'wrong-outcome',
    what: 'a job that kills its supervisor succeeded',
    spoil: (story) => (story.job('plain').kills = true),
  },
  {
    flaw: 'lost-without-kill',
    what: 'an attempt was lost whose supervisor was not killed',
    spoil: (story) => (story.batch.lives[0] = life(0, 1000, { terms: 1, status: 0 })),
  },
  {
    flaw: 'interrupted-without-stop',
    what: 'an attempt was interrupted whose supervisor nobody stopped',
    spoil: (story) => (story.life(2).terms = 0),
  },
  {
    flaw: 'outside-of-lives',
    what: 'an attempt began while no supervisor ran',
    spoil: (story) => (story.life(1).endedAtMs -= 950),
  },
  {
    flaw: 'ran-again',
    what: 'a job that had crashed ran again',
    spoil: (story) => {
      story.retell('crash', crashed, attempt('crashed', 2, 500, 600));
      story.write('last', 'start', 'crash', 2);
      story.write('last', 'end', 'crash', 2);
    },
  },
  {
    flaw: 'gave-up',
    what: 'a job with retries was not tried again',
    spoil: (story) => (story.job('crash').retries = 1),
  },
  {
    flaw: 'ran-again',
    what: 'a job was tried again more often than it may',
    spoil: (story) => {
      story.job('crash').retries = 1;
      story.retell('crash', crashed, attempt('crashed', 2, 500, 600), attempt('crashed', 3, 700, 800));
      for (const number of [2, 3]) {
        story.write('last', 'start', 'crash', number);
        story.write('last', 'end', 'crash', number);
      }
    },
  },
  {
    flaw: 'ran-again',
    what: 'a job that may not be repeated was',
    spoil: (story) => (story.job('again').onInterrupt = 'fail'),
  },
  {
    flaw: 'put-aside-early',
    what: 'a job was put aside after two lost attempts',
    spoil: (story) => story.retell('plain', lost(1), putAside(2)),
  },
  {
    flaw: 'put-aside-late',
    what: 'a job ran again after three lost attempts',
    spoil: (story) => {
      story.retell('plain', lost(1), lost(2), lost(3), attempt('succeeded', 4, 2000, 2100));
      story.write('last', 'start', 'plain', 4);
      story.write('last', 'end', 'plain', 4);
    },
  },
  {
    flaw: 'put-aside-late',
    what: 'a job was lost four times',
    spoil: (story) => story.retell('plain', lost(1), lost(2), lost(3), putAside(4)),
  },
  {
    flaw: 'not-whole',
    what: 'a job succeeded without reaching its end',
    spoil: (story) => story.unwrite('plain', 'end'),
  },
  { flaw: 'not-whole', what: 'a job succeeded without having run', spoil: (story) => story.unwrite('plain') },
  {
    flaw: 'not-whole',
    what: 'a job wrote something that cannot even be started',
    spoil: (story) => (story.job('plain').course.marks = 'none'),
  },
  {
    flaw: 'workdir-not-empty',
    what: 'an attempt found the files of another',
    spoil: (story) => story.write('last', 'dirty', 'again', 3),
  },
  {
    flaw: 'uncaptured',
    what: 'a crash has no event',
    spoil: (story) => (story.attempt('crash').sentry = { eventId: null, capture: 'failed' }),
  },
  {
    flaw: 'uncaptured',
    what: 'a lost attempt has no event',
    spoil: (story) => (story.attempt('again').sentry = null),
  },
  {
    flaw: 'event-of-nothing',
    what: 'an attempt that succeeded names an event',
    spoil: (story) => (story.attempt('plain').sentry = { eventId: 'event-300-1', capture: 'captured' }),
  },
];
