import { at } from './forged.ts';
import type { Spoiled } from './story.ts';

/** What may be wrong with outcomes, verdicts, files that were refused, events and turns. */
export const spoiledBatches: readonly Spoiled[] = [
  { flaw: 'lost', what: 'a job has no outcome', spoil: (story) => story.removeOutcome('plain') },
  {
    flaw: 'lost',
    what: 'both twins were refused',
    spoil: (story) => {
      story.removeOutcome('twin');
      story.unwrite('twin-b');
      story.reject('twin-b.yaml', 'DUPLICATE_ID');
    },
  },
  {
    flaw: 'lost',
    what: 'a pipeline ended without its verifier',
    spoil: (story) => story.removeOutcome('checked+verify'),
  },
  {
    flaw: 'several-outcomes',
    what: 'one file became two jobs',
    spoil: (story) => story.addOutcome('plain', { id: 'plain-2', name: 'plain' }),
  },
  {
    flaw: 'outcome-changed',
    what: 'an outcome file was written again',
    spoil: (story) => (story.sighting('crash').changes = 1),
  },
  {
    flaw: 'lived-on',
    what: 'a job wrote on after its outcome was there',
    spoil: (story) => (story.sighting('plain').marksBefore = 1),
  },
  {
    flaw: 'lived-on',
    what: 'a verifier wrote on after its outcome was there',
    spoil: (story) => (story.sighting('checked+verify').marksBefore = 0),
  },
  {
    flaw: 'lived-on',
    what: 'a process of a job was there after its outcome',
    spoil: (story) => (story.sighting('crash').alive = [4242]),
  },
  {
    flaw: 'overlap',
    what: 'a verifier began before its pipeline had ended',
    spoil: (story) => story.write('first', 'start', 'checked+verify'),
  },
  {
    flaw: 'wrong-outcome',
    what: 'an outcome is not that of the last attempt',
    spoil: (story) => (story.outcome('plain').outcome = 'rejected'),
  },
  {
    flaw: 'wrong-outcome',
    what: 'an outcome names an event of nobody',
    spoil: (story) => (story.outcome('plain').sentry = { eventId: 'event-300-1', capture: 'captured' }),
  },
  { flaw: 'wrong-outcome', what: 'a job has another id', spoil: (story) => (story.job('plain').id = 'other') },
  {
    flaw: 'wrong-verdict',
    what: 'a pipeline succeeded whose verifier crashed',
    spoil: (story) => Object.assign(story.outcome('doubted'), { outcome: 'succeeded', cause: null }),
  },
  {
    flaw: 'wrong-verdict',
    what: 'a pipeline tells of another verdict',
    spoil: (story) => (story.outcome('checked').verdicts = [{ id: 'checked+verify', outcome: 'rejected' }]),
  },
  {
    flaw: 'wrong-verdict',
    what: 'a pipeline does not name the event of its verifier',
    spoil: (story) => (story.outcome('doubted').sentry = null),
  },
  {
    flaw: 'wrong-verdict',
    what: 'a verifier ran that nobody asked for',
    spoil: (story) => (story.job('checked').verifier = null),
  },
  {
    flaw: 'wrong-outputs',
    what: 'outputs are others',
    spoil: (story) => (story.outcome('told').outputs = { answer: '41' }),
  },
  {
    flaw: 'captured-late',
    what: 'an outcome was there before its event',
    spoil: (story) => (story.sighting('crash').uncaptured = ['event-300-1']),
  },
  {
    flaw: 'not-received',
    what: 'an event never arrived',
    spoil: ({ batch }) => (batch.received = batch.received.filter(({ jobId }) => jobId !== 'crash')),
  },
  {
    flaw: 'event-of-nothing',
    what: 'an event came that no outcome names',
    spoil: ({ batch }) => batch.received.push({ eventId: 'x', jobId: 'plain', attempt: 1 }),
  },
  {
    flaw: 'event-of-nothing',
    what: 'an event came as that of another attempt',
    spoil: ({ batch }) => batch.received.push({ eventId: 'event-300-1', jobId: 'crash', attempt: 2 }),
  },
  { flaw: 'not-rejected', what: 'a bad file is nowhere', spoil: ({ batch }) => batch.rejected.shift() },
  {
    flaw: 'not-rejected',
    what: 'a bad file was refused twice',
    spoil: (story) => story.batch.rejected.push({ ...story.rejected('bad.yaml'), name: 'bad.yaml.1' }),
  },
  {
    flaw: 'rejected-wrongly',
    what: 'a good file was refused',
    spoil: (story) => story.reject('plain.yaml', 'SYNTAX'),
  },
  {
    flaw: 'rejected-wrongly',
    what: 'a good file was put aside for the death of one supervisor',
    spoil: (story) => {
      story.removeOutcome('plain');
      story.reject('plain.yaml', 'POISONOUS');
    },
  },
  {
    flaw: 'no-reason',
    what: 'nothing tells why a file was refused',
    spoil: (story) => (story.rejected('bad.yaml').reason = null),
  },
  {
    flaw: 'no-reason',
    what: 'a file was refused for something else',
    spoil: (story) => Object.assign(story.rejected('bad.yaml').reason ?? {}, { code: 'EMPTY' }),
  },
  {
    flaw: 'damaged',
    what: 'a refused file is not what it was',
    spoil: (story) => (story.rejected('bad.yaml').sha256 = 'abd'),
  },
  { flaw: 'bad-file-ran', what: 'a refused file ran', spoil: (story) => story.write('last', 'start', 'bad') },
  {
    flaw: 'bad-file-ran',
    what: 'a twin that was refused ran too',
    spoil: (story) => story.write('last', 'start', 'twin'),
  },
  {
    flaw: 'bad-file-ran',
    what: 'a refused file has an outcome',
    spoil: (story) => story.addOutcome('plain', { id: 'bad', name: 'bad' }),
  },
  {
    flaw: 'out-of-order',
    what: 'a job was taken while one of a higher priority waited',
    spoil: (story) => (story.job('told').priority = 5),
  },
  {
    flaw: 'out-of-order',
    what: 'a job was taken while an older one waited',
    spoil: (story) => (story.outcome('checked').acceptedAt = story.attempt('plain').startedAt),
  },
  {
    flaw: 'out-of-order',
    what: 'a job was taken while one waited that had been interrupted, long after a supervisor was stopped and killed',
    spoil: (story) => {
      story.life(1).stops.push([story.life(1).endedAtMs - 100, Number.POSITIVE_INFINITY]);
      story.outcome('told').acceptedAt = at(2950);
      Object.assign(story.attempt('again', 3), { startedAt: at(8500), endedAt: at(8600) });
      Object.assign(story.attempt('told'), { startedAt: at(8000), endedAt: at(8100) });
    },
  },
  {
    flaw: 'too-many',
    what: 'more jobs ran at once than there are slots',
    spoil: (story) => {
      const { startedAt, endedAt } = story.attempt('told');
      for (const id of ['checked', 'twin']) Object.assign(story.attempt(id), { startedAt, endedAt });
    },
  },
];
