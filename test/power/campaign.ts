import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cache, lockMachine } from '../system/debian.ts';
import { flawsOf } from './check.ts';
import { type Acknowledgement, acknowledgementIn, type Cut, describeCut, planCut } from './cut.ts';
import { makeDataDisks, makeProgramDisk } from './disks.ts';
import type { Evidence } from './evidence.ts';
import { type Image, powerImage } from './image.ts';
import { Machine } from './qemu.ts';
import { type Random, randomOf } from './random.ts';

export interface Campaign {
  readonly cuts: number;
  readonly seed: number;
  /** Default: as chance has it. */
  readonly incomingApart?: boolean;
  /** Chooses the moment of each cut. Default: at random. */
  readonly plan?: (random: Random) => Cut;
  /** What is tested: a directory as `make build` leaves it. */
  readonly release: string;
  /** Such a flaw is looked for: no more is cut once it is found, and the rest need not end. */
  readonly wanted?: RegExp;
  readonly tell: (line: string) => void;
}

export interface Findings {
  readonly cuts: number;
  readonly flaws: readonly string[];
  /** What had been told before the cuts, and was looked for afterwards. */
  readonly told: Readonly<Record<Acknowledgement, number>>;
  readonly seconds: number;
}

const lockTimeoutMs = 20 * 60_000;
const bootTimeoutMs = 240_000;
/** However little load an emulated machine may bear in its share of a busy host. */
const cutTimeoutMs = 90_000;
const settleTimeoutMs = 300_000;

const prefix = 'power-cut-';
const forgottenAfterMs = 24 * 3_600_000;

/** Where the words of the last machine are kept, one file a boot. */
const evidenceDirectory = resolve(import.meta.dirname, '../../build/power-cut');

/** Cuts the power of a machine again and again, lets it settle, and holds what is on its disks against what it had told. */
export async function runCampaign(campaign: Campaign): Promise<Findings> {
  const began = performance.now();
  const random = randomOf(campaign.seed);
  rmSync(evidenceDirectory, { recursive: true, force: true });
  for (const needed of [evidenceDirectory, cache]) mkdirSync(needed, { recursive: true, mode: 0o700 });
  const directory = mkdtempSync(join(cache, prefix));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const { release, tell, incomingApart = random() < 0.5 } = campaign;
    tell(`incoming/ is ${incomingApart ? 'a mount of its own' : 'part of the spool'}`);
    const site = await prepare(directory, release, incomingApart);
    const boots: Evidence[][] = [];
    const { wanted } = campaign;
    const isFlawed = (): boolean => wanted !== undefined && flawsOf(boots).some((flaw) => wanted.test(flaw));
    let cuts = 0;
    while (cuts < campaign.cuts && !isFlawed())
      cuts += (await bootAndCut(site, boots, random, campaign, isFlawed)) ? 1 : 0;
    if (!isFlawed()) await settle(site, boots, campaign, isFlawed);
    const seconds = (performance.now() - began) / 1000;
    return { cuts, flaws: flawsOf(boots), told: countTold(boots.slice(0, cuts)), seconds };
  } finally {
    process.off('exit', remove);
    remove();
  }
}

interface Site {
  readonly image: Image;
  readonly program: string;
  readonly data: readonly string[];
  /** Whether incoming/ is a mount of its own, so that nobody else's fsync makes its names durable. */
  readonly incomingApart: boolean;
  readonly console: string;
}

async function prepare(directory: string, release: string, incomingApart: boolean): Promise<Site> {
  await using _lock = await lockMachine(lockTimeoutMs);
  removeForgotten();
  return {
    image: await powerImage(),
    program: await makeProgramDisk(directory, release),
    data: await makeDataDisks(directory),
    incomingApart,
    console: join(evidenceDirectory, 'console.log'),
  };
}

/** Disks of runs that were killed. */
function removeForgotten(): void {
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith(prefix))) {
    const path = join(cache, name);
    if (Date.now() - statSync(path).mtimeMs > forgottenAfterMs) rmSync(path, { recursive: true, force: true });
  }
}

function boot(site: Site, number: number, seed: number, settles: boolean): Machine {
  const incoming = site.incomingApart ? 'apart' : 'below';
  return new Machine({ ...site, wish: { boot: number, seed, incoming, settle: settles ? 'yes' : 'no' } });
}

const keep = (number: number, machine: Machine): void =>
  writeFileSync(
    join(evidenceDirectory, `boot-${number}.jsonl`),
    machine.evidence.map((one) => `${JSON.stringify(one)}\n`).join(''),
  );

/** False where what the last cut had left was flawed, and there was no need for another. */
async function bootAndCut(
  site: Site,
  boots: Evidence[][],
  random: Random,
  { tell, plan = planCut }: Campaign,
  isFlawed: () => boolean,
): Promise<boolean> {
  const number = boots.length + 1;
  const seed = Math.floor(random() * 2 ** 31);
  const cut = plan(random);
  await using _lock = await lockMachine(lockTimeoutMs);
  const began = performance.now();
  await using machine = boot(site, number, seed, false);
  boots.push(machine.evidence);
  try {
    await machine.first('a supervisor', (one) => one.kind === 'supervising', bootTimeoutMs);
    if (isFlawed()) return false;
    const supervising = performance.now();
    const late = await moment(machine, cut);
    await machine.cutPower();
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const after = ((performance.now() - supervising) / 1000).toFixed(1);
    const what = machine.evidence.filter((one) => acknowledgementIn(one) !== null).length;
    tell(
      `cut ${number}: ${late ? 'not in time for ' : ''}${describeCut(cut)}; supervised ${after} s, ${what} acknowledgements, ${seconds} s`,
    );
    return true;
  } finally {
    keep(number, machine);
  }
}

/** Resolves at the moment of the cut; with true where it came by the clock, in place of an acknowledgement that did not. */
async function moment(machine: Machine, cut: Cut): Promise<boolean> {
  switch (cut.kind) {
    case 'starting':
      await sleep(cut.afterMs);
      return false;
    case 'acknowledged': {
      let count = 0;
      const arrived = machine.first(
        describeCut(cut),
        (one) => acknowledgementIn(one) === cut.what && (count += 1) === cut.count,
        cutTimeoutMs + bootTimeoutMs,
      );
      const late = await Promise.race([arrived.then(() => false), sleep(cutTimeoutMs, true, { ref: false })]);
      arrived.catch(() => undefined);
      if (!late && cut.afterMs > 0) await sleep(cut.afterMs);
      return late;
    }
  }
}

async function settle(site: Site, boots: Evidence[][], { tell }: Campaign, isFlawed: () => boolean): Promise<void> {
  const number = boots.length + 1;
  await using _lock = await lockMachine(lockTimeoutMs);
  const began = performance.now();
  await using machine = boot(site, number, 0, true);
  boots.push(machine.evidence);
  try {
    await machine.first('a supervisor', (one) => one.kind === 'supervising', bootTimeoutMs);
    if (isFlawed()) return;
    await machine.first('peace', (one) => one.kind === 'exited', settleTimeoutMs);
    await machine.first('its last look', (one) => one.kind === 'settled', bootTimeoutMs);
    await machine.ended;
    tell(`settled: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  } finally {
    keep(number, machine);
  }
}

function countTold(boots: readonly (readonly Evidence[])[]): Findings['told'] {
  const told = { submitted: 0, accepted: 0, refused: 0, captured: 0, ended: 0, outcome: 0 };
  for (const one of boots.flat()) {
    const what = acknowledgementIn(one);
    if (what !== null) told[what] += 1;
  }
  return told;
}
