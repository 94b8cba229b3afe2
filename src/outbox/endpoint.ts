/** Where envelopes of a DSN are sent: `https://KEY@HOST[/PREFIX]/PROJECT` → `https://HOST[/PREFIX]/api/PROJECT/envelope/` (develop.sentry.dev, Envelopes). */
export function envelopeEndpoint(dsn: string): URL {
  const url = new URL(dsn);
  const parts = url.pathname.split('/').filter((part) => part !== '');
  const project = parts.pop();
  const endpoint = new URL(`${url.protocol}//${url.host}/${[...parts, 'api', project, 'envelope'].join('/')}/`);
  endpoint.searchParams.set('sentry_key', url.username);
  endpoint.searchParams.set('sentry_version', '7');
  return endpoint;
}
