/** Values that are hard to keep back, by what is hard about them. */
export const awkward: Readonly<Record<string, string>> = {
  'letters and digits': 'canaryValue0123456789',
  quotes: `it's "quoted" canary`,
  'a backslash': 'canary\\value\\n0',
  'a line end': 'canary-first\ncanary-second',
  'a percent sign': '100%canary%20value',
  umlauts: 'kanarienvögel-größer',
  emoji: 'canary-🐤-value-🔑',
  spaces: 'canary with spaces in it',
  'a dollar sign': '$canary$(value)`x`',
  'signs of URLs': 'canary/+?&=#:@value',
  'angle brackets': '<canary>&</value>',
};

const inner = (json: string): string => json.slice(1, -1);
const ascii = (text: string): string =>
  text.replace(/[\u0080-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
const percent = (text: string): string =>
  Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** The last character may say something of what follows the value. */
const decided = (text: string, alphabet: 'base64' | 'base64url'): string =>
  Buffer.from(text)
    .toString(alphabet)
    .slice(0, Math.floor((Buffer.byteLength(text) * 4) / 3));

/** How a program may print a value: `printed …`. */
export const encodings: Readonly<Record<string, (value: string) => string>> = {
  'as it is': (value) => value,
  'URL-encoded': encodeURIComponent,
  'URL-encoded by a form': (value) => new URLSearchParams({ x: value }).toString().slice(2),
  'URL-encoded in small letters': (value) =>
    encodeURIComponent(value).replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
  'URL-encoded by the byte': percent,
  'URL-encoded twice': (value) => encodeURIComponent(encodeURIComponent(value)),
  'in the password of a URL': (value) => {
    const url = new URL('http://user@host/');
    url.password = value;
    return url.password;
  },
  'in JSON': (value) => inner(JSON.stringify(value)),
  'in JSON that is ASCII, as of Python': (value) => ascii(inner(JSON.stringify(value))),
  'in JSON with escaped slashes, as of PHP': (value) => ascii(inner(JSON.stringify(value))).replaceAll('/', '\\/'),
  'in JSON in JSON': (value) => inner(JSON.stringify(inner(JSON.stringify(value)))),
  'in base64': (value) => decided(value, 'base64'),
  'in base64 for URLs': (value) => decided(value, 'base64url'),
  'in hexadecimal': (value) => Buffer.from(value).toString('hex'),
  'in large hexadecimal': (value) => Buffer.from(value).toString('hex').toUpperCase(),
  'in HTML': (value) =>
    value
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
  'quoted for a shell': (value) => value.replaceAll("'", `'"'"'`),
  'quoted for a shell the other way': (value) => value.replaceAll("'", `'\\''`),
  'in a Python literal': (value) => value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n'),
};
