import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const src = join(import.meta.dirname, '../../src');

/** One import of one file. */
export interface Import {
  /** The file that imports, as `run/attempt.ts`. */
  readonly from: string;
  /** The file that is imported, in the same form, or the name of a package: `node:fs`, `zod`. */
  readonly to: string;
  readonly kind: 'file' | 'package';
  /** Only where it is used: `await import(…)`. */
  readonly late: boolean;
}

export interface Module {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

const early = /^(?:import|export)\s(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
const late = /\bimport\(\s*'([^']+)'\s*\)/g;

/** Every file below `src/`, with what it imports. */
export function readModules(): readonly Module[] {
  const paths = readdirSync(src, { recursive: true }).map(String);
  return paths.filter((path) => path.endsWith('.ts')).map(readModule);
}

function readModule(path: string): Module {
  const text = readFileSync(join(src, path), 'utf8');
  const importOf = (specifier: string, isLate: boolean): Import =>
    specifier.startsWith('.')
      ? { from: path, to: relative(src, join(src, dirname(path), specifier)), kind: 'file', late: isLate }
      : { from: path, to: packageOf(specifier), kind: 'package', late: isLate };
  const imports = [
    ...Array.from(text.matchAll(early), ([, specifier = '']) => importOf(specifier, false)),
    ...Array.from(text.matchAll(late), ([, specifier = '']) => importOf(specifier, true)),
  ];
  return { path, text, lines: text.split('\n').length, imports };
}

/** `@sentry/node` of `@sentry/node/x`; `node:fs` of `node:fs/promises`. */
const packageOf = (specifier: string): string => (/^(?:@[^/]+\/)?[^/]+/.exec(specifier) ?? [''])[0];

/** The stage that a file belongs to: `run` of `run/attempt.ts`. */
export const folderOf = (path: string): string => path.split('/')[0] ?? '';

/** A way from a file back to itself, or null. */
export function findCycle(modules: readonly Module[]): readonly string[] | null {
  const importsOf = new Map(
    modules.map(({ path, imports }) => [path, imports.filter((one) => one.kind === 'file' && !one.late)]),
  );
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): readonly string[] | null => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const { to } of importsOf.get(path) ?? []) {
      const cycle = visit(to, [...way, path]);
      if (cycle) return cycle;
    }
    done.add(path);
    return null;
  };
  for (const { path } of modules) {
    const cycle = visit(path, []);
    if (cycle) return cycle;
  }
  return null;
}
