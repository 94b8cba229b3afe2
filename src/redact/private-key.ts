const begin = '-----BEGIN ';
const end = '-----END ';
const mark = 'PRIVATE KEY-----';
/** «BEGIN OPENSSH PRIVATE KEY-----» and the like. */
const maxName = 40;
const maxKeyLength = 16 * 1024;
const label = '[redacted:private-key]';

/** Without private keys in PEM (RFC 7468), also where only the beginning or the end of one is there. Goes through the text once. */
export function withoutPrivateKeys(text: string): string {
  if (!text.includes(mark)) return text;
  const parts: string[] = [];
  let done = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) {
    if (at < done) continue;
    const from = Math.max(done, at - maxName);
    const before = text.slice(from, at);
    const beginsAt = before.lastIndexOf(begin);
    const endsAt = before.lastIndexOf(end);
    const after = at + mark.length;
    if (beginsAt > endsAt) {
      parts.push(text.slice(done, from + beginsAt), label);
      done = endOfKey(text, after);
    } else if (endsAt >= 0) {
      parts.push(text.slice(done, startOfKey(text, from + endsAt, done)), label);
      done = after;
    }
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(done);
}

/** Base64, line ends (also as JSON writes them) and the headers of an encrypted key. */
const isKeyCharacter = /[A-Za-z0-9+/=\s\\:,.-]/;
const shortestRun = 16;
/** The headers of an encrypted key. */
const longestGap = 100;

/** Past the END line where there is one near; else past the last line that looks like a key's. */
function endOfKey(text: string, from: number): number {
  const limit = Math.min(text.length, from + maxKeyLength);
  let last = from;
  for (let at = from, run = 0; at < limit; at += 1) {
    const character = text[at] ?? '';
    if (character === '-' && text.startsWith('-----', at)) {
      const close = text.startsWith(end, at) ? text.slice(at, at + maxName + mark.length).indexOf(mark) : -1;
      return close < 0 ? last : at + close + mark.length;
    }
    if (!isKeyCharacter.test(character) || at - last > longestGap) break;
    run = /[A-Za-z0-9+/=]/.test(character) ? run + 1 : 0;
    if (run >= shortestRun) last = at + 1;
  }
  return last;
}

function startOfKey(text: string, from: number, floor: number): number {
  const limit = Math.max(floor, from - maxKeyLength);
  let first = from;
  for (let at = from - 1, run = 0; at >= limit; at -= 1) {
    const character = text[at] ?? '';
    if (!isKeyCharacter.test(character) || first - at > longestGap) break;
    run = /[A-Za-z0-9+/=]/.test(character) ? run + 1 : 0;
    if (run >= shortestRun) first = at;
  }
  return first;
}

const keyLine = /^\s*(?:[A-Za-z0-9+/=]*|[A-Za-z-]{1,40}: \S.*|-----END .*)\s*$/;

/** Takes what lies between the first and the last line of a private key out of lines that come a few at a time. */
export class KeyLines {
  /** How much of a key has gone by; null: none is under way. */
  #length: number | null = null;

  without(lines: readonly string[]): readonly string[] {
    let from = 0;
    while (this.#length !== null && from < lines.length) {
      const line = lines[from] ?? '';
      this.#length += line.length + 1;
      if (!keyLine.test(line) || this.#length > maxKeyLength) this.#length = null;
      else {
        if (line.includes(end)) this.#length = null;
        from += 1;
      }
    }
    const rest = from === 0 ? lines : lines.slice(from);
    if (this.#length === null && beginsKey(rest)) this.#length = 0;
    return rest;
  }
}

/** Whether a key begins in the lines and does not end there. */
function beginsKey(lines: readonly string[]): boolean {
  const last = lines.findLastIndex((line) => line.includes(begin) && line.includes(mark));
  return last >= 0 && !lines.slice(last).some((line) => line.includes(end));
}
