import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCrash } from '../../src/crash/read.ts';

/** As versions of Ruby, PHP and Perl print it that the corpus was not made with. */
const versions: Readonly<
  Record<string, { readonly text: string; readonly titles: readonly string[]; readonly calls: readonly string[] }>
> = {
  'Ruby 3.4, with classes before the methods': {
    text: `/srv/job/load.rb:3:in 'Shop::Rows#load': undefined method 'price' for an instance of Integer (NoMethodError)

    row.price
       ^^^^^^
Did you mean?  pred
	from /srv/job/load.rb:9:in 'block in Shop::Rows#all'
	from /srv/job/load.rb:9:in 'Array#each'
	from /srv/job/load.rb:12:in 'Shop::Rows.open'
	from /srv/job/load.rb:15:in '<main>'
`,
    titles: [
      "NoMethodError: undefined method 'price' for an instance of Integer\n\n    row.price\n       ^^^^^^\nDid you mean?  pred",
    ],
    calls: [
      ' <main> /srv/job/load.rb:15',
      ' Shop::Rows.open /srv/job/load.rb:12',
      'Array each /srv/job/load.rb:9',
      ' block in Shop::Rows#all /srv/job/load.rb:9',
      'Shop::Rows load /srv/job/load.rb:3',
    ],
  },
  'Ruby 3.4, in code of a string': {
    text: `(eval at /srv/job/load.rb:3):1:in 'Integer#/': divided by 0 (ZeroDivisionError)
	from (eval at /srv/job/load.rb:3):1:in 'Object#load'
	from /srv/job/load.rb:3:in 'Kernel#eval'
	from /srv/job/load.rb:3:in '<main>'
`,
    titles: ['ZeroDivisionError: divided by 0'],
    calls: [
      ' <main> /srv/job/load.rb:3',
      'Kernel eval /srv/job/load.rb:3',
      'Object load (eval at /srv/job/load.rb:3):1',
      'Integer / (eval at /srv/job/load.rb:3):1',
    ],
  },
  'Ruby 3.4, of a file that is missing': {
    text: `/usr/lib/ruby/3.4.0/bundled_gems.rb:82:in 'Kernel.require': cannot load such file -- http (LoadError)
	from /usr/lib/ruby/3.4.0/bundled_gems.rb:82:in 'block (2 levels) in Kernel#replace_require'
	from /srv/job/load.rb:4:in '<main>'
`,
    titles: ['LoadError: cannot load such file -- http'],
    calls: [
      ' <main> /srv/job/load.rb:4',
      ' block (2 levels) in Kernel#replace_require /usr/lib/ruby/3.4.0/bundled_gems.rb:82',
      ' Kernel.require /usr/lib/ruby/3.4.0/bundled_gems.rb:82',
    ],
  },
  'Ruby 3.4, of a grammar that is none': {
    text: `ruby: /srv/job/load.rb:2: syntax errors found (SyntaxError)
  1 | puts ("Hello, world!"
> 2 |
    | ^ expected a matching \`)\`

    | ^ unexpected end-of-input, assuming it is closing the parent top level context
`,
    titles: [
      `SyntaxError: syntax errors found
  1 | puts ("Hello, world!"
> 2 |
    | ^ expected a matching \`)\`

    | ^ unexpected end-of-input, assuming it is closing the parent top level context`,
    ],
    calls: [' null /srv/job/load.rb:2'],
  },
  'Ruby 2.6 on a terminal': {
    text: `Traceback (most recent call last):
	2: from /srv/job/load.rb:9:in \`<main>'
	1: from /srv/job/load.rb:9:in \`each'
/srv/job/load.rb:3:in \`block in <main>': undefined method \`price' for 7:Integer (NoMethodError)
Did you mean?  pred
`,
    titles: ["NoMethodError: undefined method `price' for 7:Integer\nDid you mean?  pred"],
    calls: [' <main> /srv/job/load.rb:9', ' each /srv/job/load.rb:9', ' block in <main> /srv/job/load.rb:3'],
  },
  'PHP 8.5, with a stack below a fatal error': {
    text: `PHP Fatal error:  Maximum execution time of 1 second exceeded in /srv/job/load.php on line 6
Stack trace:
#0 /srv/job/load.php(6): usleep(100000)
#1 /srv/job/load.php(10): load()
#2 {main}
`,
    titles: ['FatalErrorException: Error: Maximum execution time of 1 second exceeded'],
    calls: [' null /srv/job/load.php:10', ' load /srv/job/load.php:6', ' usleep /srv/job/load.php:6'],
  },
  'PHP 5, with the class in quotes': {
    text: `PHP Fatal error:  Uncaught exception 'Shop\\BadRow' with message 'no price in apple' in /srv/job/load.php:3
Stack trace:
#0 /srv/job/load.php(7): load(7)
#1 {main}

Next exception 'RuntimeException' with message 'bad row' in /srv/job/load.php:9
Stack trace:
#0 {main}
  thrown in /srv/job/load.php on line 9
`,
    titles: ['Shop\\BadRow: no price in apple', 'RuntimeException: bad row'],
    calls: [' null /srv/job/load.php:9'],
  },
  'Perl 5.38, of a module that is missing': {
    text: `Can't locate No/Such.pm in @INC (you may need to install the No::Such module) (@INC entries checked: /etc/perl /usr/share/perl5) at /srv/job/load.pl line 3.
BEGIN failed--compilation aborted at /srv/job/load.pl line 3.
`,
    titles: [
      "die: Can't locate No/Such.pm in @INC (you may need to install the No::Such module) (@INC entries checked: /etc/perl /usr/share/perl5)",
    ],
    calls: [' null /srv/job/load.pl:3'],
  },
};

for (const [version, { text, titles, calls }] of Object.entries(versions))
  void test(`an uncaught exception is read as printed by ${version}`, () => {
    for (const printed of [text, `a line\n${text}`, `${text}a line\n`]) {
      const reading = readCrash(printed, '');
      assert.deepEqual(
        reading?.exceptions.map(({ type, value }) => `${type}: ${value}`),
        titles,
      );
      assert.deepEqual(
        reading?.exceptions
          .at(-1)
          ?.frames.map((frame) => `${frame.module ?? ''} ${frame.function} ${frame.file}:${frame.line}`),
        calls,
      );
    }
  });

void test('make says that a Perl program failed: what it said last was why', () => {
  const words = 'bad row at /srv/job/load.pl line 3.\nmake: *** [Makefile:3: load] Error 255\n';
  assert.equal(readCrash(words, '')?.exceptions[0].value, 'bad row');
});

void test('a stack whose head is cut off is not taken for another one', () => {
  const cause = "/srv/job/load.rb:2:in `price': no price (KeyError)\n\tfrom /srv/job/load.rb:6:in `load'\n";
  assert.equal(readCrash(`\tfrom /srv/job/load.rb:9:in \`load'\n${cause}`, '')?.exceptions[0].type, 'KeyError');
  assert.equal(
    readCrash('#7 /srv/job/load.php(3): load()\n#8 {main}\n  thrown in /srv/job/load.php on line 3\n', ''),
    null,
  );
  assert.equal(readCrash('\tmain::load(7) called at /srv/job/load.pl line 3\n', ''), null);
  assert.equal(
    readCrash('"load_rows 7"\n    (procedure "x" line 2)\n    (file "/srv/job/load.tcl" line 5)\n', ''),
    null,
  );
});

void test('of two Ruby programs that died on a terminal, the last one is read', () => {
  const death = (type: string): string =>
    `Traceback (most recent call last):\n\t1: from load.rb:9:in \`<main>'\nload.rb:3:in \`load': bad row (${type})\n`;
  const reading = readCrash(death('KeyError') + death('IOError'), '');
  assert.deepEqual(
    reading?.exceptions.map(({ type }) => type),
    ['IOError'],
  );
});

void test('numbered calls that lead to no exception are passed over at once', () => {
  const calls = "\t1: from /a.rb:1:in `f'\n".repeat(2500);
  const started = performance.now();
  assert.equal(readCrash(`/srv/job/load.rb:1:in \`f': bad row (IOError)\n${calls}`, ''), null);
  assert.ok(performance.now() - started < 300);
});

void test('what a Perl program warned of earlier is not why its successor did not compile', () => {
  const words = [
    'odd row at /srv/job/first.pl line 9.',
    'loaded',
    'Global symbol "$row" requires explicit package name at /srv/job/load.pl line 4.',
    'Execution of /srv/job/load.pl aborted due to compilation errors.',
    '',
  ].join('\n');
  assert.deepEqual(
    readCrash(words, '')?.exceptions[0].frames.map(({ file }) => file),
    ['/srv/job/load.pl'],
  );
});

const caughtInTcl = 'odd row\n    while executing\n"check 7"\n    (procedure "look" line 2)\n';
const uncaughtInTcl = 'bad row\n    while executing\n"load 7"\n    (file "/srv/job/load.tcl" line 5)\n';
const namespaceInTcl =
  'divide by zero\n    invoked from within\n"expr {1 / 0}"\n    (in namespace eval "::shop" script line 2)\n    invoked from within\n"namespace eval shop {}"\n    (file "/srv/job/load.tcl" line 1)\n';

for (const [what, text, value] of [
  ['after one that was caught', caughtInTcl + uncaughtInTcl, 'bad row'],
  ['after that of another program', uncaughtInTcl + namespaceInTcl, 'divide by zero'],
] as const)
  void test(`a Tcl error ${what} is read`, () => {
    assert.equal(readCrash(text, '')?.exceptions[0].value, value);
  });

void test('a Tcl stack with other lines in it is none', () => {
  assert.equal(readCrash(`${caughtInTcl}a line\n    invoked from within\n"b"\n    (file "x.tcl" line 5)\n`, ''), null);
});

void test('of a Tcl stack stack that is longer than what is kept, the message is not made up', () => {
  const call = '    (procedure "load_rows" line 2)\n    invoked from within\n"load_rows $row"\n';
  const text = `bad row\n    while executing\n"error"\n${call.repeat(900)}    (file "/srv/job/load.tcl" line 4)\n`;
  assert.equal(readCrash(text, '')?.exceptions[0].value, 'bad row');
  const cut = readCrash(text.slice(-30_000), '');
  assert.equal(cut?.exceptions[0].value, '');
  assert.equal(cut?.exceptions[0].frames[0]?.file, '/srv/job/load.tcl');
});
