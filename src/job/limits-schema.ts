import { z } from 'zod';
import { noLimits, type ResourceLimits } from './limits.ts';
import { bytes, parseBytes, sizePattern } from './units.ts';

const sizeHint = 'expected a size such as 512K, 64M or 1G';
export const size = z
  .string({ error: sizeHint })
  .refine((text) => (parseBytes(text) ?? 0) > 0, { error: sizeHint })
  .transform((text) => parseBytes(text) ?? 0)
  .meta({ pattern: sizePattern.source });

/** Below that not even a shell starts. */
const leastMemoryBytes = 1024 ** 2;
const cpuHint = 'expected percents of one processor, such as 50% or 150%';
const percentPattern = /^\d{1,6}(?:\.\d{1,2})?%$/;
const percent = z
  .string({ error: cpuHint })
  .refine((text) => percentPattern.test(text) && Number.parseFloat(text) >= 1, { error: cpuHint })
  .transform((text) => Number.parseFloat(text))
  .meta({ pattern: percentPattern.source });

/** Those that a cgroup enforces, in a job file and for jobs whose file does not say. */
export const resourceFields = {
  memory: size.refine((count) => count >= leastMemoryBytes, { error: 'expected at least 1M' }).optional(),
  cpu: percent.optional(),
  tasks: z
    .int({ error: 'expected a whole number of processes and threads' })
    .min(1, { error: 'expected at least 1' })
    .max(4_194_304, { error: 'expected at most 4194304' })
    .optional(),
  io: size.optional(),
};

export const limits = z.strictObject({ output: size.optional(), ...resourceFields }, { error: 'expected a mapping' });
export const limitKeys: readonly string[] = ['output', ...Object.keys(resourceFields)];

interface ResourcesFile {
  readonly memory?: number | undefined;
  readonly cpu?: number | undefined;
  readonly tasks?: number | undefined;
  readonly io?: number | undefined;
}

export const resourcesOf = (
  { memory, cpu, tasks, io }: ResourcesFile,
  defaults: ResourceLimits = noLimits,
): ResourceLimits => ({
  memoryBytes: memory === undefined ? defaults.memoryBytes : bytes(memory),
  cpuPercent: cpu ?? defaults.cpuPercent,
  tasks: tasks ?? defaults.tasks,
  ioBytes: io === undefined ? defaults.ioBytes : bytes(io),
});
