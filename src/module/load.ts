import { statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ModuleCall } from '../job/module-call.ts';

/** In a release everything lies side by side in lib/. */
const defineJobUrl = new URL(import.meta.filename.endsWith('.mjs') ? './job.mjs' : './define-job.ts', import.meta.url)
  .href;

/** A module that cannot be run as it is. The message says what to do. */
export class ModuleError extends Error {
  override readonly name = 'ModuleError';
}

/** `import … from 'booty'` in a module means this Booty, wherever the module is and whatever is installed there. */
export function resolveBooty(): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'booty' ? { url: defineJobUrl, shortCircuit: true } : next(specifier, context),
  });
}

/** The function that a step names. Rejects with a ModuleError, or with what Node.js says of the module. */
export async function loadFunction(call: ModuleCall): Promise<(job: unknown) => unknown> {
  const { module } = call;
  if (!statSync(module, { throwIfNoEntry: false })?.isFile())
    throw new ModuleError(
      `there is no module ${module}: put it there, or mend the path in the job file (relative paths are below ${call.modules})`,
    );
  const found = exportsOf((await import(pathToFileURL(module).href)) as Readonly<Record<string, unknown>>);
  const name = call.export ?? 'default';
  if (!(name in found)) {
    const names = Object.keys(found);
    const there = names.length > 0 ? `it exports ${names.join(', ').slice(0, 500)}` : 'it exports nothing';
    throw new ModuleError(
      call.export === null
        ? `${module} has no default export: ${there}. Add "export default", or name one with "export:" in the job file`
        : `${module} has no export ${call.export}: ${there}`,
    );
  }
  const value = found[name];
  if (typeof value !== 'function')
    throw new ModuleError(
      `the ${call.export === null ? 'default export' : `export ${call.export}`} of ${module} is ${article(value)}: expected a function, (job) => …`,
    );
  return value as (job: unknown) => unknown;
}

/** A CommonJS module that was compiled from ECMAScript has its default export below the one that Node.js makes. */
function exportsOf(found: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const inner = found.default;
  return typeof inner === 'object' && inner !== null && '__esModule' in inner ? inner : found;
}

const article = (value: unknown): string =>
  value === null || value === undefined ? String(value) : typeof value === 'object' ? 'an object' : `a ${typeof value}`;

/** What to do about an error of Node.js that says only what is wrong; null where there is nothing to add. */
export function hintFor(error: unknown, module: string): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  switch (code) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return 'types are only stripped: no enum, no namespace with values, no parameter property, no import =. Write it without (tsc with erasableSyntaxOnly finds them), or compile it to JavaScript with a source map';
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
      return `what a module imports must be installed beside it (npm install in ${dirname(module)} or above), and files are imported with their endings`;
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return 'TypeScript below node_modules is not run: compile it';
    default:
      return null;
  }
}
