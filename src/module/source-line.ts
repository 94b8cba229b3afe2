import { readFileSync, statSync } from 'node:fs';
import { findSourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { frameOf } from '../crash/readers/node-frame.ts';
import type { FrameKnowledge } from './hand-over.ts';

const maxSourceBytes = 4 * 1024 * 1024;
const maxSources = 20;
const maxLine = 500;

/**
 * Finds the line of source that a frame tells of: in its file, or, where only the compiled module has come along, in its
 * source map. Never throws.
 */
export function sourceLines(module: string): FrameKnowledge['sourceOf'] {
  const sources = new Map<string, readonly string[]>();
  return (call) => {
    const frame = frameOf(call);
    if (!frame?.inApp || frame.file === null || frame.line === null) return null;
    let lines = sources.get(frame.file);
    if (!lines) {
      if (sources.size >= maxSources) return null;
      lines = (readSource(frame.file) ?? mappedSource(module, frame.file) ?? '').split('\n');
      sources.set(frame.file, lines);
    }
    return lines[frame.line - 1]?.trim().slice(0, maxLine) || null;
  };
}

function readSource(path: string): string | null {
  try {
    const status = statSync(path);
    return status.isFile() && status.size <= maxSourceBytes ? readFileSync(path, 'utf8') : null;
  } catch {
    return null; // The frame is told without its line.
  }
}

function mappedSource(module: string, path: string): string | null {
  try {
    const map = findSourceMap(module)?.payload;
    const at = map?.sources.findIndex((source) => pathOf(source, module, map.sourceRoot) === path) ?? -1;
    return map?.sourcesContent[at] ?? null;
  } catch {
    return null; // Maps are made by anybody.
  }
}

const pathOf = (source: string, module: string, root = ''): string =>
  source.startsWith('file://') ? fileURLToPath(source) : resolve(dirname(module), root, source);
