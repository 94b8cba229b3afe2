import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('/srv/job/größe und raum', { recursive: true });
writeFileSync('/srv/job/größe und raum/x%y.mjs', 'export function f() {\n  throw new Error("a path");\n}\n');
const { f } = await import('./gr%C3%B6%C3%9Fe%20und%20raum/x%25y.mjs');
f();
