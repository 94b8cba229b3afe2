import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { writeSharedFiles } from './shared-files.ts';

/*
 * Builds the release: build/lib/booty.mjs, what it loads only when it is needed beside it (the Sentry SDK above all),
 * and koffi as it came, since its native module cannot be bundled. build/bin/booty runs it. Beside it the host of module
 * steps, and what modules import as 'booty', with its types; in build/share the manual and the completions of shells.
 *
 * BOOTY_BUILD: another directory. BOOTY_ARCH: for another architecture, of which BOOTY_NATIVE holds the package of koffi.
 */

const root = join(import.meta.dirname, '..');
const out = process.env.BOOTY_BUILD || join(root, 'build');
const architecture = process.env.BOOTY_ARCH ?? process.arch;
for (const part of ['lib', 'bin', 'share', 'package.json', 'runtime'])
  rmSync(join(out, part), { recursive: true, force: true });
mkdirSync(join(out, 'lib'), { recursive: true });

const bundle = await rolldown({
  input: {
    booty: join(root, 'src/cli/main.ts'),
    'module-host': join(root, 'src/module/host.ts'),
    job: join(root, 'src/module/define-job.ts'),
  },
  platform: 'node',
  external: ['koffi'],
});
await bundle.write({
  dir: join(out, 'lib'),
  format: 'esm',
  entryFileNames: '[name].mjs',
  chunkFileNames: '[name]-[hash].mjs',
  // Names stay: a stack of ours should be readable in Sentry.
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
});

const native = `node_modules/@koromix/koffi-linux-${architecture}`;
const modules = ['package.json', 'index.js', 'src/koffi/index.js', 'src/koffi/src/static.js'];
for (const part of modules.map((name) => `node_modules/koffi/${name}`))
  cpSync(join(root, part), join(out, 'lib', part), { recursive: true });
cpSync(process.env.BOOTY_NATIVE || join(root, native), join(out, 'lib', native), { recursive: true });
for (const part of [`musl_${architecture}`, 'README.md'])
  rmSync(join(out, 'lib', native, part), { recursive: true, force: true });
writeFileSync(join(out, 'lib', 'THIRD-PARTY-LICENCES'), thirdPartyLicences());
writeTypes();
for (const script of ['bash-env.sh', 'unit-hook.sh']) cpSync(join(root, 'src/run', script), join(out, 'lib', script));
cpSync(join(root, 'schema'), join(out, 'lib/schema'), { recursive: true });
writeSharedFiles(join(out, 'share'));
cpSync(join(root, 'bin'), join(out, 'bin'), { recursive: true });
writeFileSync(join(out, 'package.json'), packageOfRelease());
symlinkSync('../runtime', join(out, 'runtime'));

function writeTypes(): void {
  const options = ['--ignoreConfig', '--declaration', '--emitDeclarationOnly', '--strict', '--target', 'esnext'];
  const source = join(root, 'src/module/define-job.ts');
  execFileSync(join(root, 'node_modules/.bin/tsc'), [...options, '--outDir', join(out, 'lib'), source], {
    stdio: 'inherit',
  });
  renameSync(join(out, 'lib/define-job.d.ts'), join(out, 'lib/job.d.ts'));
}

/** As in the checkout, but for where things are. */
function packageOfRelease(): string {
  const data = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, unknown> };
  data.exports['.'] = { types: './lib/job.d.ts', default: './lib/job.mjs' };
  return `${JSON.stringify(data, null, 2)}\n`;
}

/** The licence of every package that a release holds. */
function thirdPartyLicences(): string {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Record<string, { readonly version?: string; readonly dev?: boolean; readonly license?: string }>;
  };
  const shipped = Object.entries(lock.packages).filter(([path, { dev, version }]) => path !== '' && !dev && version);
  return shipped
    .map(
      ([path, { version, license }]) =>
        `${path.replace(/^.*node_modules\//, '')} ${version} (${license ?? 'see below'})\n\n${licenceText(join(root, path))}\n`,
    )
    .join(`${'─'.repeat(72)}\n`);
}

function licenceText(directory: string): string {
  try {
    const name = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
    return name === undefined ? '' : readFileSync(join(directory, name), 'utf8');
  } catch (error) {
    // A package of another platform is locked, and not installed here.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
