import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutCredentials } from '../../src/redact/shapes.ts';
import { assertLinear } from './cpu-time.ts';

const x = (count: number): string => 'aB3dE5gH7jK9mN2p'.repeat(Math.ceil(count / 16)).slice(0, count);
/** No credential, but in the shape of one: put together here, so that no scanner of repositories stumbles over it. */
const pem = (name: string, body: string): string => `-----BEGIN ${name}-----\n${body}\n-----END ${name}-----`;
const keyLines = Array.from({ length: 10 }, () => x(64)).join('\n');

/** A text, and what is left of it. */
const credentials: Readonly<Record<string, readonly [text: string, left: string]>> = {
  'a bearer token': [
    `curl -H "Authorization: Bearer ${x(30)}" https://x/`,
    'curl -H "Authorization: Bearer [redacted:authorization]" https://x/',
  ],
  'a bearer token without its header': [`sent bearer ${x(20)}.`, 'sent bearer [redacted:bearer]'],
  'basic authentication': [
    "{'Authorization': 'Basic dXNlcjpwdw=='}",
    "{'Authorization': 'Basic [redacted:authorization]'}",
  ],
  'a password in a URL': [
    'connect to postgres://app:hunter2@db.example:5432/app failed',
    'connect to postgres://app:[redacted:url-password]@db.example:5432/app failed',
  ],
  'a password in a URL without a user': ['redis://:hunter2@cache/0', 'redis://:[redacted:url-password]@cache/0'],
  'a key id of AWS': ['key AKIAIOSFODNN7EXAMPLE used', 'key [redacted:aws-key-id] used'],
  'a secret key of AWS': [`AWS_SECRET_ACCESS_KEY=${x(40)}`, 'AWS_SECRET_ACCESS_KEY=[redacted:assignment]'],
  'a token of GitHub': [`using ghp_${x(36)}!`, 'using [redacted:token]!'],
  'a fine-grained token of GitHub': [`github_pat_${x(22)}_${x(59)}`, '[redacted:token]'],
  'a token of GitLab': [`glpat-${x(20)}`, '[redacted:token]'],
  'a token of Slack': [`xoxb-123456789012-${x(24)}`, '[redacted:token]'],
  'a key of Google': [`AIza${x(35)}`, '[redacted:token]'],
  'an access token of Google': [`ya29.${x(60)}`, '[redacted:token]'],
  'a key of Stripe': [`sk_live_${x(24)}`, '[redacted:token]'],
  'a token of npm': [
    `//registry.npmjs.org/:_authToken=npm_${x(36)}`,
    '//registry.npmjs.org/:_authToken=[redacted:token]',
  ],
  'a token of Sentry': [`sntrys_${x(60)}`, '[redacted:token]'],
  'a JSON web token': [`jwt eyJ${x(20)}.eyJ${x(40)}.${x(43)} expired`, 'jwt [redacted:jwt] expired'],
  'a private key': [`key:\n${pem('RSA PRIVATE KEY', keyLines)}\nrest`, 'key:\n[redacted:private-key]\nrest'],
  'a private key within JSON': [
    JSON.stringify({ key: pem('PRIVATE KEY', keyLines), next: 1 }),
    '{"key":"[redacted:private-key]","next":1}',
  ],
  'an encrypted private key': [
    pem('RSA PRIVATE KEY', `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${x(32)}\n\n${keyLines}`),
    '[redacted:private-key]',
  ],
  'the beginning of a private key': [
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${keyLines}\nTraceback (most recent call last):\n`,
    '[redacted:private-key]\nTraceback (most recent call last):\n',
  ],
  'the end of a private key': [
    `${keyLines}\n-----END PRIVATE KEY-----\nTraceback`,
    '[redacted:private-key]\nTraceback',
  ],
  'a password in quotes': [
    `db.connect(host="x", password="hunter2")`,
    `db.connect(host="x", password="[redacted:assignment]")`,
  ],
  'a password in an object': [
    `{ user: 'app', password: 'hunter2' }`,
    `{ user: 'app', password: '[redacted:assignment]' }`,
  ],
  'a password in JSON': [`{"db_password":"hunter2","n":1}`, `{"db_password":"[redacted:assignment]","n":1}`],
  'a password in a connection string': [
    'Server=db;User=app;Password=hunter2;Pooling=1',
    'Server=db;User=app;Password=[redacted:assignment];Pooling=1',
  ],
  'a password in a line of YAML': ['api_key: 8f3k2j5h', 'api_key: [redacted:assignment]'],
  'a token in a query': ['GET /x?access_token=abcdef123&y=1', 'GET /x?access_token=[redacted:assignment]&y=1'],
  'a password among arguments': [
    'mysqldump --password hunter2 --all',
    'mysqldump --password [redacted:argument] --all',
  ],
  'a password in an argument': [
    'mysqldump --db-password=hunter2 --all',
    'mysqldump --db-password=[redacted:assignment] --all',
  ],
};

for (const [what, [text, left]] of Object.entries(credentials))
  void test(`${what} is kept back`, () => {
    assert.equal(withoutCredentials(text), left);
    assert.equal(withoutCredentials(left), left, 'and it stays at that');
  });

/** What programs say that has to do with credentials, and is none. */
const harmless = [
  'SyntaxError: Unexpected token \'<\', "<!DOCTYPE "... is not valid JSON',
  'PHP Parse error:  syntax error, unexpected token ";", expecting "]" in /app/x.php:3',
  "KeyError: 'password'",
  'def login(user: str, password: str) -> Token:',
  'token = next(tokens)',
  'password = os.environ["DB_PASSWORD"]',
  'const secret = process.env.SECRET;',
  'fatal: could not read Password: No such device or address',
  'password authentication failed for user "app"',
  "undefined method `token' for nil:NilClass",
  'http://example.com:8080/path@v2',
  'git@github.com:owner/repo.git',
  'https://user@host/path',
  'File "/app/tokens.py", line 3, in get_token',
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
  'com.example.TokenService.refreshToken(TokenService.java:42)',
  'npm_config_cache=/x',
  'the bearer of bad news',
  'pass --password to give one',
  'token: None',
];

for (const text of harmless)
  void test(`left as it is: ${text.split('\n', 1)[0]}`, () => assert.equal(withoutCredentials(text), text));

/** For each shape what makes its search work hardest: beginnings that come to nothing. */
const adversarial = [
  'http://',
  'a://b:',
  'http://a:b',
  'a',
  'a.',
  'a+',
  'a-',
  'Authorization: ',
  'authorization: bearer ',
  'bearer ',
  'bearer a',
  'eyJ',
  'eyJaaaaaaaa',
  'eyJaaaaaaaa.',
  'eyJaaaaaaaa.eyJ',
  'AKIA',
  'AKIAAAAAAAAAAAAAAAA',
  'ghp_',
  'ghp_a',
  'github_pat_',
  'xoxb-',
  'AIza',
  'ya29.',
  'sk_live_',
  'sk-',
  'SG.',
  'hvs.',
  'pypi-',
  'npm_a',
  'password',
  'password=',
  'password="',
  'password="\\',
  "password='a",
  'password: ',
  'password: a',
  'password: 1',
  'password=a(',
  'password=aaaa',
  'secret secret',
  'token=',
  '_token',
  'api_key ',
  'api-key   =',
  '--a-',
  '--password',
  '--a-a-a-a-password ',
  '-----BEGIN ',
  '-----BEGIN PRIVATE KEY-----',
  '-----BEGIN PRIVATE KEY-----aaaaaaaaaaaaaaaaaaaa',
  '-----END PRIVATE KEY-----',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaa-----END PRIVATE KEY-----',
  'PRIVATE KEY-----',
  '-----',
  ' ',
  '\n',
  '"',
  '\\',
];

for (const piece of adversarial)
  void test(`a text of nothing but ${JSON.stringify(piece)} takes time in proportion to its length`, () => {
    assertLinear((length) => {
      const text = `token ${piece.repeat(Math.ceil(length / piece.length)).slice(0, length)}`;
      return () => withoutCredentials(text);
    });
  });
