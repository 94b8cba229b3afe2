import type { Answer, Command } from '../schedule/control.ts';

/** What the journal says of a command: whom it meant, and how many it changed. */
export function tellCommand(command: Command): { readonly target: string } {
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

export function tellAnswer(answer: Answer): { readonly jobs: number; readonly refused: string | null } {
  switch (answer.kind) {
    case 'done':
      return { jobs: answer.total, refused: null };
    case 'unknown':
      return { jobs: 0, refused: answer.message };
  }
}
