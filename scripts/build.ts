import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/*
 * Builds the release: build/lib/booty.mjs, what it loads only when it is needed beside it (the Sentry SDK above all),
 * and koffi as it came, since its native module cannot be bundled. build/bin/booty runs it.
 */

const root = join(import.meta.dirname, '..');
const out = join(root, 'build');
const architecture = process.env.BOOTY_ARCH ?? process.arch;
for (const part of ['lib', 'bin', 'package.json', 'runtime']) rmSync(join(out, part), { recursive: true, force: true });
mkdirSync(join(out, 'lib'), { recursive: true });

const bundle = await rolldown({ input: { booty: join(root, 'src/cli/main.ts') }, platform: 'node', external: ['koffi'] });
await bundle.write({
  dir: join(out, 'lib'),
  format: 'esm',
  entryFileNames: '[name].mjs',
  chunkFileNames: '[name]-[hash].mjs',
  // Names stay: a stack of ours should be readable in Sentry.
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
});

const modules = ['koffi/package.json', 'koffi/index.js', 'koffi/src/koffi/index.js', 'koffi/src/koffi/src/static.js', `@koromix/koffi-linux-${architecture}`];
for (const part of modules) cpSync(join(root, 'node_modules', part), join(out, 'lib', 'node_modules', part), { recursive: true });
rmSync(join(out, 'lib', 'node_modules', '@koromix', `koffi-linux-${architecture}`, `musl_${architecture}`), { recursive: true, force: true });
for (const part of ['bin', 'package.json']) cpSync(join(root, part), join(out, part), { recursive: true });
symlinkSync('../runtime', join(out, 'runtime'));
