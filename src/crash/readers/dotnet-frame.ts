import type { Frame } from '../exception.ts';

const frameLine = /^ {2,3}at (\S.*)$/;
const sourcePlace = / in (.+):line (\d{1,9})$/;
const monoPlace = / \[0x[\da-f]+\] in (.+):(\d{1,9})$/;

/** The runtime, and the libraries that sentry-dotnet holds to be none of the program's own. */
const libraries =
  /^(?:System|Microsoft|Interop|Internal|Mono|MS|Sentry|Newtonsoft|FSharp|Serilog|Giraffe|NLog|Npgsql|RabbitMQ|Hangfire|IdentityServer4|AWSSDK|Polly|Swashbuckle|FluentValidation|Autofac|StackExchange|Dapper|RestSharp|SkiaSharp|IdentityModel|SQLitePCL|Xamarin|Google|MongoDB|AutoMapper|Nest|Owin|MediatR|ICSharpCode|Grpc|ServiceStack|MySql|MySqlConnector|Quartz)[.+]/;

/** `   at Shop.Loader.Load[T](T row) in /srv/job/Load.cs:line 12`, or as Mono writes it. */
export function dotnetFrame(text: string): Frame | null {
  const [, told] = frameLine.exec(text.trimEnd()) ?? [];
  if (told === undefined) return null;
  const place = sourcePlace.exec(told) ?? monoPlace.exec(told);
  const call = callOf(told.replace(/^\(wrapper [^)]*\) /, ''));
  if (!call) return null;
  const [, file, line = '0'] = place ?? [];
  const known = file !== undefined && !file.startsWith('<');
  return {
    ...readable(call),
    file: known ? file : null,
    line: known && Number(line) > 0 ? Number(line) : null,
    column: null,
    source: null,
    inApp: !libraries.test(`${call.module ?? ''}.`),
  };
}

interface Call {
  readonly function: string;
  readonly module?: string;
}

/** The method and its type, without arguments and type arguments. Null where it is no call. */
function callOf(text: string): Call | null {
  let name = '';
  let dot = -1;
  let square = 0;
  let angle = 0;
  for (const character of text) {
    if (character === '(' && square <= 0 && angle <= 0) {
      name = name.trimEnd();
      if (name === '' || name.includes(' ')) return null;
      // `Loader..ctor` is the method `.ctor` of `Loader`.
      const end = name[dot - 1] === '.' ? dot - 1 : dot;
      return { function: name.slice(end + 1), ...(end > 0 ? { module: name.slice(0, end) } : {}) };
    }
    if (character === '[') square += 1;
    if (square === 0) {
      if (character === '<') angle += 1;
      if (character === '>') angle -= 1;
      if (character === '.' && angle === 0) dot = name.length;
      name += character;
    }
    if (character === ']') square -= 1;
  }
  return null;
}

/** Methods that the compiler made are called by what they were made from. */
function readable(call: Call): Call {
  const [, outer, method] =
    /^(.+)[.+]<(\w+)>(?:d__\d+|c__(?:Iterator|async)\w*)(?:`\d+)?$/.exec(
      call.function === 'MoveNext' ? (call.module ?? '') : '',
    ) ?? [];
  if (outer && method) return { function: method, module: outer };
  const [, maker] = /^<(\w+)(?:`\d+)?>[bm]__\w+$/.exec(call.function) ?? [];
  return maker ? { ...call, function: `${maker} { <lambda> }` } : call;
}
