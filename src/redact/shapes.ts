import { withoutPrivateKeys } from './private-key.ts';

interface Shape {
  readonly label: string;
  /**
   * Where this does not stand in the text, in any case, it is not looked at. Each repetition is bounded, and none begins
   * within another's run: the time grows with the length of the text and with nothing else.
   */
  readonly pattern: RegExp;
}

/** The part in the group named `keep` stays. */
const shapes: readonly Shape[] = [
  {
    label: 'url-password',
    pattern:
      /(?<keep>(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/?#@"'<>[\]]{0,100}:)(?!\[redacted)[^\s@/"'<>]{1,200}(?=@)/gi,
  },
  {
    label: 'authorization',
    pattern:
      /(?<keep>(?<![a-z0-9])authorization["']?\s{0,3}[:=]>?\s{0,3}["']?(?:basic|bearer|digest|token|negotiate|apikey)\s{1,3})(?!\[redacted)[^\s"',;]{4,4096}/gi,
  },
  { label: 'bearer', pattern: /(?<keep>(?<![a-z0-9])bearer\s{1,3})[a-z0-9._~+/=-]{16,4096}/gi },
  { label: 'jwt', pattern: /(?<keep>)(?<![\w-])eyJ[\w-]{8,4096}\.eyJ[\w-]{8,8192}(?:\.[\w-]{0,1024})?/g },
  { label: 'aws-key-id', pattern: /(?<keep>)(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])/g },
  {
    label: 'token',
    pattern:
      /(?<keep>)(?<![A-Za-z0-9_-])(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{22,255}|glpat-[\w-]{20,255}|xox[abeoprs]-[A-Za-z0-9-]{10,255}|AIza[\w-]{35}|ya29\.[\w-]{20,2048}|(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,255}|npm_[A-Za-z0-9]{36}|sntry[su]_[\w+/=-]{20,1024}|sk-[A-Za-z0-9_-]{20,255}|SG\.[\w-]{22}\.[\w-]{43}|dop_v1_[0-9a-f]{64}|hv[sb]\.[\w-]{24,1024}|pypi-[\w-]{50,1024})/g,
  },
  {
    // `password=…`, `"api_key": "…"`, `DB_PASSWORD='…'`: a literal in quotes, or right behind the sign.
    label: 'assignment',
    pattern:
      /(?<keep>(?:passw(?:or)?d|passphrase|secret|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|[_-]token|client[_-]?secret)["']?\s{0,3}(?:=>|[:=])\s{0,3}["'])(?!\[redacted)(?:[^"'\\\n]|\\.){1,1024}(?=["'])/gi,
  },
  {
    label: 'assignment',
    pattern:
      /(?<keep>(?:passw(?:or)?d|passphrase|secret|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|(?<!publickey)token|client[_-]?secret)=)(?![\s[{(<"'$]|(?:null|none|nil|undefined|true|false)\b)[^\s"'&;,()[\]{}<>]{4,1024}(?![\w.]{0,40}[([])/gi,
  },
  {
    label: 'assignment',
    pattern:
      /(?<keep>(?:passw(?:or)?d|passphrase|secret|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|token|client[_-]?secret)["']?: {1,3})(?=[^\s"'&;,()[\]{}<>]{0,40}\d)[^\s"'&;,()[\]{}<>]{8,1024}(?![\w.]{0,40}[([])/gi,
  },
  {
    label: 'argument',
    pattern:
      /(?<keep>(?<![\w-])--(?:[a-z0-9]{1,20}[-_]){0,4}(?:pass|passwd|password|passphrase|secret|token|api-?key)(?:=["']?| {1,3}(?=[^\s"']{0,100}[^\s"'a-z.,])["']?))(?![-[\s"'])[^\s"']{1,1024}/gi,
  },
];

/** One look at the text that tells most texts to have nothing of the kind. */
const hint =
  /:\/\/|bearer|authorization|eyJ|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox|AIza|ya29|[sr]k_|npm_|sntry|sk-|SG\.|dop_v1|hv[sb]\.|pypi-|passw|passphrase|pass[ =]|secret|api[_-]?key|access[_-]?key|private[_-]?key|token/i;

/** Without what looks like a credential, whoever's it is: docs/decisions/0010-redaction.md lists the shapes. */
export function withoutCredentials(text: string): string {
  let clean = withoutPrivateKeys(text);
  if (!hint.test(clean)) return clean;
  for (const { label, pattern } of shapes) clean = clean.replace(pattern, `$<keep>[redacted:${label}]`);
  return clean;
}
