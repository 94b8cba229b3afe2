import { types } from 'node:util';

/*
 * Values of a module in words, for log lines and the properties of errors. No code of the module runs for it: getters
 * are not called, proxies not asked, toString and toJSON not used.
 */

const maxText = 1000;
const maxEntries = 20;
const maxDepth = 3;

/** A string as it is, anything else about as JSON would have it. At most 1000 characters. Never throws. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, maxText);
  const room = { left: maxText };
  return describeAt(value, 0, room).slice(0, maxText);
}

/** @param room how many characters may still be made: one huge value must not take long */
function describeAt(value: unknown, depth: number, room: { left: number }): string {
  const text = room.left <= 0 ? '…' : describeOne(value, depth, room);
  room.left -= text.length;
  return text;
}

function describeOne(value: unknown, depth: number, room: { left: number }): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.slice(0, maxText));
    case 'bigint':
      // The digits of a number of a million digits take long.
      return BigInt.asIntN(256, value) === value ? `${value}n` : '[a large BigInt]';
    case 'symbol':
      return Symbol.prototype.toString.call(value).slice(0, maxText);
    case 'function':
      return '[function]';
    case 'object':
      return value === null ? 'null' : describeObject(value, depth, room);
    default:
      return String(value);
  }
}

function describeObject(value: object, depth: number, room: { left: number }): string {
  if (types.isProxy(value)) return '[proxy]';
  if (types.isDate(value)) return describeDate(value);
  if (types.isRegExp(value)) return '[regular expression]';
  if (types.isNativeError(value)) return `[${describeError(value)}]`;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (types.isMap(value) || types.isSet(value)) return types.isMap(value) ? '[map]' : '[set]';
  if (depth >= maxDepth) return Array.isArray(value) ? '[…]' : '{…}';
  return Array.isArray(value) ? describeArray(value, depth, room) : describeEntries(value, depth, room);
}

function describeArray(value: readonly unknown[], depth: number, room: { left: number }): string {
  const items: string[] = [];
  for (let index = 0; index < Math.min(value.length, maxEntries); index += 1)
    items.push(describeProperty(value, String(index), depth, room));
  if (value.length > maxEntries) items.push(`… ${value.length - maxEntries} more`);
  return `[${items.join(', ')}]`;
}

function describeEntries(value: object, depth: number, room: { left: number }): string {
  const keys = Object.keys(value);
  const items = keys
    .slice(0, maxEntries)
    .map((key) => `${JSON.stringify(key.slice(0, 100))}: ${describeProperty(value, key, depth, room)}`);
  if (keys.length > maxEntries) items.push(`… ${keys.length - maxEntries} more`);
  return `{${items.join(', ')}}`;
}

function describeProperty(holder: object, key: string, depth: number, room: { left: number }): string {
  const property = Object.getOwnPropertyDescriptor(holder, key);
  if (!property) return '[none]';
  return 'value' in property ? describeAt(property.value, depth + 1, room) : '[getter]';
}

function describeDate(value: Date): string {
  const time = Date.prototype.getTime.call(value);
  return Number.isNaN(time) ? '[no date]' : Date.prototype.toISOString.call(value);
}

function describeError(error: object): string {
  const message = Object.getOwnPropertyDescriptor(error, 'message')?.value as unknown;
  return typeof message === 'string' ? `error: ${message.slice(0, 200)}` : 'error';
}
