import type { JournalEvent } from '../journal/event.ts';
import type { Answer, Command } from '../schedule/control.ts';

/** The journal's line of a command that was done, or refused. @param by who asked; null: nobody that is known */
export const controlEvent = (command: Command, by: string | null, answer: Answer): JournalEvent => ({
  kind: 'control.done',
  command: command.kind,
  ...tellCommand(command),
  by,
  ...tellAnswer(answer),
});

/** What the journal says of a command: whom it meant, and how many it changed. */
function tellCommand(command: Command): { readonly target: string } {
  switch (command.kind) {
    case 'retry':
      return { target: `id ${command.id}` };
    case 'pause':
    case 'resume':
      switch (command.scope.kind) {
        case 'all':
          return { target: 'all' };
        case 'kind':
          return { target: `kind ${command.scope.jobKind}` };
        case 'group':
          return { target: `group ${command.scope.group}` };
      }
    case 'cancel':
    case 'hold':
    case 'release':
    case 'prioritize':
      switch (command.target.kind) {
        case 'id':
          return { target: `id ${command.target.id}` };
        case 'name':
          return { target: `name ${command.target.name}` };
        case 'group':
          return { target: `group ${command.target.group}` };
      }
  }
}

function tellAnswer(answer: Answer): { readonly jobs: number; readonly refused: string | null } {
  switch (answer.kind) {
    case 'done':
      return { jobs: answer.total, refused: null };
    case 'unknown':
      return { jobs: 0, refused: answer.message };
  }
}
