import type { Frame, ReadException } from '../exception.ts';

/** Code of a string has no file: `(eval):1`, since 3.3 `(eval at /srv/load.rb:3):1`. */
export const file = String.raw`(<internal:[^>]*>|\([a-z]+(?: at [^()]*)?\)|\/[^:]*|[^\s:/\[<#"'(][^\s:]*)`;
export const quoted = String.raw`(?::in [\`']([^']*)')?`;

/** As sentry-ruby tells it: the whole name, and once more what stands before its last part. */
export function nameOf(type: string): Pick<ReadException, 'type' | 'module'> {
  const end = type.lastIndexOf('::');
  return end < 0 ? { type } : { type, module: type.slice(0, end) };
}

/** As sentry-ruby splits it: `Rows#load` has a module, `block in Rows#load` and `Rows.load` have none. */
export function frameAt(path: string, row: string, name: string | undefined): Frame {
  const hash = /^([\w:]+)#(.+)$/.exec(name ?? '');
  return {
    function: hash?.[2] ?? name ?? null,
    ...(hash?.[1] === undefined ? {} : { module: hash[1] }),
    file: path,
    line: Number(row),
    column: null,
    source: null,
    inApp:
      !/^<internal:|^\/usr\/(?:local\/)?bin\/|\/(?:gems|rubygems|vendor_ruby|site_ruby)\/|\/lib\/ruby\/|\/vendor\//.test(
        path,
      ),
  };
}
