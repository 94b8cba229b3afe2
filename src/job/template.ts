import type { Parsed } from './refusal.ts';

/** A job that root has written down, with what its submitters may choose. */
export interface Template {
  readonly name: string;
  readonly description: string | null;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** What a submitter may set beside `with`, `id`, `needs`, `notBefore` and `expires`. */
  readonly allow: readonly Allowed[];
  /** The job file, with placeholders. */
  readonly job: Readonly<Record<string, unknown>>;
}

export const allowedChoices = ['name', 'priority'] as const;
export type Allowed = (typeof allowedChoices)[number];

interface Any {
  readonly description: string | null;
  readonly required: boolean;
}

export interface TextParameter extends Any {
  readonly type: 'string';
  readonly default: string | null;
  readonly choices: readonly string[] | null;
  /** As it was written; the whole value must match it. */
  readonly pattern: string | null;
  /** In characters. */
  readonly minLength: number;
  readonly maxLength: number;
  /** Whether a value may begin with `-`, as an option of a command does. */
  readonly allowDash: boolean;
  /** Whether a value may have line ends and tabs. */
  readonly multiline: boolean;
}

export interface IntegerParameter extends Any {
  readonly type: 'integer';
  readonly default: number | null;
  readonly min: number;
  readonly max: number;
}

export interface BooleanParameter extends Any {
  readonly type: 'boolean';
  readonly default: boolean | null;
}

export interface PathParameter extends Any {
  readonly type: 'path';
  /** Absolute. */
  readonly default: string | null;
  /** The directory that it does not leave: absolute, without a slash at its end. */
  readonly below: string;
}

export type Parameter = TextParameter | IntegerParameter | BooleanParameter | PathParameter;
export type Value = string | number | boolean;

/** Of the parameters that have a value. */
export type Values = ReadonlyMap<string, Value>;

/** Where templates are, and what is on the disk. */
export interface Templates {
  /** The template of that name, or why its user cannot have it. */
  find(name: string): Parsed<Template>;
  /** Why a path, followed through its links, is not below the directory; null: it is, as far as it exists. */
  flawOfPath(path: string, below: string): string | null;
}

/** The name of a template is that of its file. */
export const templateNamePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
export const isTemplateName = (text: string): boolean => templateNamePattern.test(text);

/** The variable in which a parameter reaches the programs of its job. */
export const variableOf = (parameter: string): string => `BOOTY_WITH_${parameter}`;
const variablePattern = /^BOOTY_WITH_/;

/** The parameters of a job as its environment has them. */
export const parametersIn = (env: Readonly<Record<string, string>>): readonly (readonly [string, string])[] =>
  Object.entries(env).flatMap(([name, value]) =>
    variablePattern.test(name) ? [[name.replace(variablePattern, ''), value] as const] : [],
  );
