/** One way in which a value may be printed. */
export interface Form {
  readonly bytes: Buffer;
  /** Whether programs break it into lines. */
  readonly isWrapped: boolean;
}

/** Fewer characters would hit by chance. */
const minBase64 = 7;

/**
 * Every form in which a value may be printed, the commonest first, so that a bound cuts the rarest; made when they are
 * asked for. Forms of a part are parts of the form of the whole: whatever stands before or after the value does not hide it.
 */
export const formsOf: readonly ((value: string) => Form[])[] = [
  (value) => plain([value]),
  (value) => plain(jsonForms(value)),
  (value) => wrapped(base64Forms(value)),
  (value) => plain(urlForms(value)),
  (value) => plain(jsonForms(value).slice(0, 3).flatMap(jsonForms)),
  (value) => plain(quotedForms(value)),
  (value) => plain(htmlForms(value)),
  (value) => plain(hexForms(value)),
  (value) => wrapped(jsonForms(value).flatMap(base64Forms)),
  (value) => plain(jsonForms(value).slice(0, 1).flatMap(urlForms)),
  (value) =>
    plain(
      urlForms(value)
        .slice(0, 4)
        .map((form) => form.replaceAll('%', '%25')),
    ),
];

const plain = (texts: readonly string[]): Form[] =>
  texts.map((text) => ({ bytes: Buffer.from(text), isWrapped: false }));

const wrapped = (texts: readonly string[]): Form[] =>
  texts.map((text) => ({ bytes: Buffer.from(text), isWrapped: true }));

/** As it stands between the quotes: of JavaScript; of Python, PHP and Go, which escape more; and of Java's many. */
function jsonForms(value: string): string[] {
  const js = JSON.stringify(value).slice(1, -1);
  const slash = js.replaceAll('/', '\\/');
  const forms = [js, ascii(js, 'lower'), slash, ascii(js, 'upper'), ascii(slash, 'lower')];
  const html = forms.flatMap((form) => [
    form.replace(/[<>&\u2028\u2029]/g, (character) => unicode(character, 'lower')),
    form.replace(/[<>&'\u2028\u2029]/g, (character) => unicode(character, 'upper')),
  ]);
  return [...forms, ...html];
}

const ascii = (text: string, hex: 'lower' | 'upper'): string =>
  text.replace(/[\u007f-\uffff]/g, (character) => unicode(character, hex));

function unicode(character: string, hex: 'lower' | 'upper'): string {
  const digits = character.charCodeAt(0).toString(16).padStart(4, '0');
  return `\\u${hex === 'lower' ? digits : digits.toUpperCase()}`;
}

/** What stays as it is, beside letters and digits, and what a space becomes. */
const urlSets: readonly (readonly [kept: string, space: string])[] = [
  ["-_.!~*'()", '%20'], // encodeURIComponent
  ['-_.~', '%20'], // RFC 3986
  ['-_.*', '+'], // forms: URLSearchParams, Java
  ['-_.~', '+'], // Python's quote_plus, Go's QueryEscape
  ['-_.~/', '%20'], // Python's quote
  ['-_.', '+'], // PHP's urlencode
  ['-_.~$&+:=@', '%20'], // Go's PathEscape
  ["-_.!~*'();/?:@&=+$,#", '%20'], // encodeURI
  ["-_.!~*'()%$&+,", '%20'], // the user and password of a URL (WHATWG)
  ['-_.!~*\'()%$&+,/:;=?@[\\]^|`{}"<>', '%20'], // what is left as it is by the most lenient
  ['', '%20'],
];

function urlForms(value: string): string[] {
  const bytes = Buffer.from(value);
  return urlSets
    .flatMap(([kept, space]) => {
      const encode = (byte: number): string => {
        const character = String.fromCharCode(byte);
        if (/[A-Za-z0-9]/.test(character) || kept.includes(character)) return character;
        return byte === 0x20 ? space : percent(byte);
      };
      return [Array.from(bytes, encode).join('')];
    })
    .concat(Array.from(bytes, percent).join(''))
    .flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())]);
}

const percent = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

/** Three bytes make four characters: of each way to lie in them, those that do not depend on what stands beside it. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const inner = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return inner.length < minBase64 ? [] : [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

function hexForms(value: string): string[] {
  const lower = Buffer.from(value).toString('hex');
  const pairs = lower.match(/../g) ?? [];
  return [lower, lower.toUpperCase(), pairs.map((pair) => `\\x${pair}`).join('')];
}

/** Between quotes of shells and of languages that are not JSON: Python's repr, Ruby's inspect, PHP, SQL. */
function quotedForms(value: string): string[] {
  const control = (text: string): string =>
    text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  const slashed = value.replaceAll('\\', '\\\\');
  const single = slashed.replaceAll("'", "\\'");
  const both = single.replaceAll('"', '\\"');
  const byteEscapes = (text: string, base: 8 | 16): string =>
    Array.from(Buffer.from(text), (byte) =>
      byte < 0x80
        ? String.fromCharCode(byte)
        : base === 8
          ? `\\${byte.toString(8).padStart(3, '0')}`
          : `\\x${byte.toString(16)}`,
    ).join('');
  return [
    control(slashed),
    control(single),
    control(both),
    slashed,
    single,
    control(slashed.replaceAll('"', '\\"').replace(/#(?=[{$@])/g, '\\#')),
    control(both).replaceAll('$', '\\$'),
    slashed.replace(/["$`]/g, '\\$&'),
    byteEscapes(control(slashed), 16),
    byteEscapes(control(single), 16),
    byteEscapes(control(single), 8),
    value.replaceAll("'", `'"'"'`),
    value.replaceAll("'", "'\\''"),
    value.replaceAll("'", "''"),
    value.replace(/[^A-Za-z0-9_./:@%+=,\u0080-\uffff-]/g, '\\$&'),
    value.replace(/[^A-Za-z0-9_\u0080-\uffff]/g, '\\$&'),
  ];
}

function htmlForms(value: string): string[] {
  const basic = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quotes = ['"', '&quot;', '&#34;'];
  const apostrophes = ["'", '&#39;', '&#x27;', '&apos;', '&#039;'];
  return quotes.flatMap((quote) =>
    apostrophes.map((apostrophe) => basic.replaceAll('"', quote).replaceAll("'", apostrophe)),
  );
}
