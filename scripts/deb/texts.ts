/* The texts of a Debian package, which say what it is: deb-control(5), deb-changelog(5). Pure. */

/** Debian's names of the machines that Booty runs on, and Node.js's. */
export const architectures = { amd64: 'x64', arm64: 'arm64' } as const;
export type Architecture = keyof typeof architectures;

/** The versions are those that the symbols of Node.js and koffi ask for; a test reads them out of the programs. */
export const dependencies = [
  'libatomic1',
  'libc6 (>= 2.28)',
  'libgcc-s1',
  'libstdc++6 (>= 6)',
  'systemd (>= 252)',
] as const;

export const maintainer = 'The Booty authors <booty@packages.invalid>';

export interface Identity {
  readonly version: string;
  readonly architecture: Architecture;
  readonly maintainer: string;
}

export const controlText = (
  { version, architecture, maintainer: keeper }: Identity,
  installedKiB: number,
): string => `Package: booty
Version: ${version}
Architecture: ${architecture}
Maintainer: ${keeper}
Installed-Size: ${installedKiB}
Depends: ${dependencies.join(', ')}
Suggests: git
Section: admin
Priority: optional
Description: job runner whose crashes are safe before they are reported
 Drop a job file into a directory and it runs, under a concurrency limit, as
 supervised child processes. A verifier may check what it made. If anything
 crashes, the crash is durable and on its way to Sentry, with the job's whole
 context, before anybody is told that the job failed.
 .
 No server to run, no database to install: one unit of systemd, one directory.
 Nothing is lost by kill -9, a full disk, a power cut or an outage of Sentry.
 The package brings its own Node.js.
`;

/** The newest section of CHANGELOG.md as an entry of a Debian changelog. */
export function changelogText({ version, maintainer: keeper }: Identity, changelog: string, epoch: number): string {
  const newest = /^## .*\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(changelog)?.[1] ?? '';
  const points = newest
    .split(/^- /m)
    .slice(1)
    .map((point) => point.split(/\n(?:\n|#)/)[0] ?? '')
    .map((point) => folded(point.replaceAll(/\s+/g, ' ').trim(), '  * ', '    '));
  return `booty (${version}) unstable; urgency=medium\n\n${points.join('\n')}\n\n -- ${keeper}  ${rfc2822(epoch)}\n`;
}

/** Lines of at most 79 characters. */
function folded(text: string, first: string, next: string): string {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    if (line.length + word.length > 79 && line.trim() !== first.trim() && line !== next) {
      lines.push(line.trimEnd());
      line = next;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join('\n');
}

/** `Mon, 30 Nov 2026 23:00:00 +0000` */
const rfc2822 = (epoch: number): string => new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');

export interface Licences {
  readonly booty: string;
  readonly node: string;
  readonly others: string;
}

export const copyrightText = ({ booty, node, others }: Licences): string => `Booty

${booty}
${rule('Node.js, in /usr/lib/booty/runtime, as the Node.js project builds it')}
${node}
${rule('Packages that /usr/lib/booty/lib holds')}
${others}`;

const rule = (title: string): string => `${'─'.repeat(72)}\n${title}\n${'─'.repeat(72)}\n`;
