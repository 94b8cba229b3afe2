/**
 * A line without what is different each time that it is printed: times, ids, addresses, temporary paths, numbers. What
 * says which failure it is stays: `HTTP 503`, `errno 28`, `exit code 3`. Takes time in proportion to the text.
 * @param known texts that stand for something else in each run, and what to put in their place
 */
export function normalise(text: string, known: readonly (readonly [string, string])[]): string {
  let line = text.slice(0, maxLength).toWellFormed();
  for (const [value, name] of known) if (value.length >= 3) line = line.replaceAll(value, name);
  for (const [pattern, name] of patterns) line = line.replace(pattern, name);
  return line.replace(numbers, (whole, telling: string | undefined) => (telling === undefined ? '<n>' : whole)).trim();
}

const maxLength = 2000;

const month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const clock = String.raw`\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AP]M)?`;

/** In this order: what comes later would take parts of what comes before. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [new RegExp(String.raw`\b\d{4}[-/]\d{2}[-/]\d{2}(?:[T ]${clock})?(?:Z\b| ?[+-]\d{2}:?\d{2}\b)?`, 'g'), '<time>'],
  [new RegExp(String.raw`\b(?:\d{1,2}[ /-])?${month}[ /-]{1,2}\d{1,4}(?:[ :,]{1,2}${clock})?`, 'g'), '<time>'],
  [new RegExp(String.raw`(?<![\d:.])${clock}(?![\d:])`, 'g'), '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b0x[0-9a-f]+\b/gi, '<address>'],
  // A file of mktemp(1), mkstemp(3), Python's tempfile and the like: each path below is a new one.
  [/(?:\/private)?\/(?:tmp|var\/tmp|dev\/shm|var\/folders|run\/user\/\d+)\/[^\s'"`:;,)\]}>]+/g, '<path>'],
  [/\b(?:\d{1,3}\.){3}\d{1,3}\b/g, '<ip>'],
  [/(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4}){1,5}(?![\w:])/gi, '<ip>'],
  // Hashes, and ids of letters and digits in turn: no word has so many of both.
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b/gi, '<id>'],
  [/\b(?=[A-Za-z]{0,40}\d)(?=\d{0,40}[A-Za-z])[A-Za-z0-9]{20,}\b/g, '<id>'],
];

/** A number by itself, and the words before it that make it a part of the failure. */
const numbers =
  /(\b(?:HTTP(?:\/\d(?:\.\d)?)?|status(?: ?code)?|errno|error ?code|exit(?:ed)?(?: ?(?:code|status|with))?|code|signal)[ :=#(]{0,3}\d{1,5}\b)|(?<![A-Za-z_\d])[+-]?\d+(?:[.,]\d+)*(?![A-Za-z_]*\d)/gi;
