import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/*
 * Builds the release: build/lib/booty.mjs, what it loads only when it is needed beside it (the Sentry SDK above all),
 * and koffi as it came, since its native module cannot be bundled. build/bin/booty runs it. Beside it the host of module
 * steps, and what modules import as 'booty', with its types.
 */

const root = join(import.meta.dirname, '..');
const out = process.env.BOOTY_BUILD || join(root, 'build');
const architecture = process.env.BOOTY_ARCH ?? process.arch;
for (const part of ['lib', 'bin', 'package.json', 'runtime']) rmSync(join(out, part), { recursive: true, force: true });
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

const modules = [
  'koffi/package.json',
  'koffi/index.js',
  'koffi/src/koffi/index.js',
  'koffi/src/koffi/src/static.js',
  `@koromix/koffi-linux-${architecture}`,
];
for (const part of modules)
  cpSync(join(root, 'node_modules', part), join(out, 'lib', 'node_modules', part), { recursive: true });
rmSync(join(out, 'lib', 'node_modules', '@koromix', `koffi-linux-${architecture}`, `musl_${architecture}`), {
  recursive: true,
  force: true,
});
writeFileSync(join(out, 'lib', 'THIRD-PARTY-LICENCES'), thirdPartyLicences());
writeTypes();
cpSync(join(root, 'src/run/bash-env.sh'), join(out, 'lib/bash-env.sh'));
cpSync(join(root, 'schema'), join(out, 'lib/schema'), { recursive: true });
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
