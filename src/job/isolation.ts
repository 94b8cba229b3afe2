/** Walls of its own that a job may ask for: a unit for each of its steps, with the machine's network or without any. */
export const isolations = ['unit', 'offline-unit'] as const;
export type Isolation = (typeof isolations)[number];
