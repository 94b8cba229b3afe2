/** More than any answer that is asked for has. */
const maxAnswerBytes = 16 * 1024 ** 2;

/**
 * fetch for a client that reads whole answers: within a time, of bounded length, and from where it was asked only. A
 * redirection and an answer that is too long are failures. @param signal of all requests together
 */
export const boundedFetch =
  (signal: AbortSignal): typeof fetch =>
  async (input, init) => {
    const response = await fetch(input, { ...init, redirect: 'manual', signal });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw new Error(`it redirects (${response.status}): the repository was moved, or reports.githubApi is not right`);
    }
    const content = await readBounded(response);
    const empty = response.status === 204 || response.status === 205;
    return new Response(empty ? null : content, { status: response.status, headers: response.headers });
  };

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // An answer that is cut off rejects here.
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxAnswerBytes) throw new Error(`an answer of more than ${maxAnswerBytes / 1024 ** 2} MiB`);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}
