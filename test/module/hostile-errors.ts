import fc from 'fast-check';

const throwing = (): never => {
  throw new Error('a trap');
};
const traps: ProxyHandler<object> = {
  get: throwing,
  has: throwing,
  ownKeys: throwing,
  getPrototypeOf: throwing,
  getOwnPropertyDescriptor: throwing,
};

/** Values that do harm to who looks at them. Made when they are wanted: fast-check looks at what it hands out. */
const odd: Readonly<Record<string, () => unknown>> = {
  proxy: () => new Proxy({}, traps),
  'proxy of an error': () => new Proxy(new Error('behind a proxy'), traps),
  'revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'child of a proxy': () => Object.create(new Proxy(new Error('above'), traps)) as unknown,
  symbol: () => Symbol('a symbol'),
  function: () => throwing,
  'huge number': () => 7n ** 100_000n,
  'long array': () => Array.from({ length: 100_000 }, (_, index) => index),
  'empty array of four milliards': () => Object.assign([], { length: 4_294_967_295 }),
  'many keys': () => Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [index, index])),
  deep: () => Array.from({ length: 10_000 }).reduce((inner) => ({ inner }), null),
  circle: () => {
    const it: Record<string, unknown> = {};
    it.it = it;
    return it;
  },
  text: () => '\u0000\ud800"\\'.repeat(100_000),
  conversions: () => ({ toJSON: throwing, toString: throwing, valueOf: throwing }),
  getter: () => Object.defineProperty({}, 'it', { get: throwing, enumerable: true }),
  tag: () => Object.defineProperty({}, Symbol.toStringTag, { get: throwing }),
  date: () => new Date(Number.NaN),
  'array with a getter': () => Object.defineProperty([1, 2], '0', { get: throwing }),
};

const oddValue: fc.Arbitrary<() => unknown> = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true }).map((value) => () => value),
  fc.constantFrom(...Object.keys(odd)).map((name) => () => odd[name]?.()),
);

const keys = ['name', 'message', 'stack', 'cause', 'errors', 'code', 'constructor', '__proto__', 'toString', 'row'];
const aKey = fc.oneof(fc.constantFrom(...keys), fc.string());

/** What a key of an error may be: a value, or a getter that throws. */
const change = fc.record({ key: aKey, value: oddValue, how: fc.constantFrom('value', 'getter', 'hidden') });

const bareError = fc.oneof(
  fc.string().map((message) => () => new Error(message)),
  fc.string({ maxLength: 50 }).map((message) => () => new TypeError(message.repeat(5000))),
  fc.constant(() => Object.create(Error.prototype) as Error),
  fc.constant(() => new DOMException('gone', 'AbortError') as Error),
  fc.constant(() => new AggregateError([new Error('a'), 5], 'several')),
);

const oddError = fc.tuple(bareError, fc.array(change, { maxLength: 6 })).map(([bare, changes]) => () => {
  const error = bare();
  for (const { key, value, how } of changes) {
    const property = how === 'getter' ? { get: throwing } : { value: value(), writable: true };
    Reflect.defineProperty(error, key, { ...property, enumerable: how !== 'hidden', configurable: true });
  }
  return error;
});

/** Makes errors that hold each other, in circles too. */
export const hostileError: fc.Arbitrary<() => unknown> = fc
  .tuple(
    fc.array(oddError, { minLength: 1, maxLength: 12 }),
    fc.array(fc.tuple(fc.nat(11), fc.nat(11), fc.boolean()), { maxLength: 20 }),
    oddValue,
    fc.boolean(),
  )
  .map(([makers, links, value, isOdd]) => () => {
    if (isOdd) return value();
    const errors = makers.map((make) => make());
    for (const [from, to, isMember] of links) {
      const holder = errors[from % errors.length] ?? {};
      const held = errors[to % errors.length];
      const property = { value: isMember ? [held, value(), held] : held, configurable: true, writable: true };
      Reflect.defineProperty(holder, isMember ? 'errors' : 'cause', property);
    }
    return errors[0];
  });
