/*
 * etc/booty.yaml as Markdown for the manual: each block of it is prose, in comments, and keys, commented out at their defaults.
 */

export function keysText(yaml: string): string {
  return yaml
    .trim()
    .split(/\n\n+/)
    .map((block) => {
      const lines = block.split('\n').map((line) => line.replace(/^# ?/, ''));
      const first = lines.findIndex((line) => /^[A-Za-z]+:(?: |$)/.test(line));
      const prose = first === -1 ? lines : lines.slice(0, first);
      const keys = first === -1 ? [] : lines.slice(first);
      const name = /^[A-Za-z]+/.exec(keys[0] ?? '')?.[0];
      const heading = name === undefined ? '' : `### ${name}\n\n`;
      return `${heading}${prose.map(angles).join('\n')}\n\n${keys.length === 0 ? '' : `\`\`\`\n${keys.join('\n')}\n\`\`\`\n`}`;
    })
    .join('\n');
}

/** A `<` would begin an element. */
const angles = (line: string): string => line.replaceAll('<', '\\<');
