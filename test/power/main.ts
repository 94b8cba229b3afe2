import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { missingForVirtualMachine } from '../system/prerequisites.ts';
import { type Breakage, breakages, buildBroken } from './breakage.ts';
import { type Findings, runCampaign } from './campaign.ts';
import { planCutAt } from './cut.ts';

/*
 * make power-cut: cuts the power of a machine under load, again and again (BOOTY_CUTS, 20), and tells what was lost of
 * that which had been acknowledged. BOOTY_SEED repeats the moments, as far as an emulated machine repeats itself.
 * --prove [NAME …] does it to programs that each lack one fsync: it fails where that is not found.
 */

const release = resolve(import.meta.dirname, '../../build');
const mostCutsOfProof = 15;
const mostFlawsTold = 20;

const tell = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const numberOf = (name: string, otherwise: number): number => {
  const number = Number(process.env[name] || otherwise);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`${name}: expected a whole number from 1`);
  return number;
};

async function test(seed: number): Promise<boolean> {
  if (!existsSync(join(release, 'lib/booty.mjs'))) throw new Error(`there is no release in ${release}: make build`);
  const findings = await runCampaign({ cuts: numberOf('BOOTY_CUTS', 20), seed, release, tell });
  for (const flaw of findings.flaws.slice(0, mostFlawsTold)) tell(flaw);
  tell(summarize(findings));
  return findings.flaws.length === 0;
}

async function prove(names: readonly string[], seed: number): Promise<boolean> {
  const unknown = names.find((name) => !breakages.some((breakage) => breakage.name === name));
  if (unknown !== undefined) throw new Error(`there is no breakage ${unknown}`);
  const chosen = breakages.filter(({ name }) => names.length === 0 || names.includes(name));
  const directory = mkdtempSync(join(tmpdir(), 'booty-power-prove-'));
  try {
    let found = 0;
    for (const breakage of chosen) if (await isFound(breakage, seed, directory)) found += 1;
    tell(`${found} of ${chosen.length} breakages were found`);
    return found === chosen.length;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function isFound(breakage: Breakage, seed: number, directory: string): Promise<boolean> {
  tell(`── ${breakage.name}, taken out of ${breakage.file}`);
  const broken = await buildBroken(breakage, directory);
  const cuts = numberOf('BOOTY_CUTS', mostCutsOfProof);
  // With incoming/ apart, the fsyncs of the rest do not make up for the one that is missing there.
  const plan = planCutAt(breakage.tells);
  const findings = await runCampaign({
    cuts,
    seed,
    plan,
    incomingApart: true,
    release: broken,
    wanted: breakage.flaw,
    tell,
  });
  const first = findings.flaws.find((flaw) => breakage.flaw.test(flaw));
  tell(first === undefined ? 'NOT FOUND' : `found: ${first}`);
  tell(summarize(findings));
  return first !== undefined;
}

function summarize({ cuts, flaws, told, seconds }: Findings): string {
  const acknowledged = Object.entries(told).map(([what, count]) => `${count} ${what}`);
  return `${cuts} cuts in ${seconds.toFixed(0)} s, acknowledged before them: ${acknowledged.join(', ')}; ${flaws.length} flaws`;
}

async function main(words: readonly string[]): Promise<number> {
  const missing = missingForVirtualMachine();
  if (missing !== null) throw new Error(missing);
  const seed = numberOf('BOOTY_SEED', Math.ceil(Math.random() * 1e6));
  tell(`BOOTY_SEED=${seed}`);
  const [option, ...names] = words;
  if (option !== undefined && option !== '--prove') throw new Error('usage: main.ts [--prove [NAME …]]');
  return (await (option === '--prove' ? prove(names, seed) : test(seed))) ? 0 : 1;
}

for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130));
process.exitCode = await main(process.argv.slice(2));
