/** How the receiver treats what comes. */
export type Behaviour =
  | { readonly kind: 'accept' }
  /** Nobody listens on the port. */
  | { readonly kind: 'refuse' }
  /** Takes the request, and never answers. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'answer'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** 413 for as long as attachments are in it. */
  | { readonly kind: 'too-large' };

/** The status of the answer; 0: there is none. */
export function statusOf(behaviour: Behaviour, itemTypes: readonly string[]): number {
  switch (behaviour.kind) {
    case 'accept':
      return 200;
    case 'hang':
    case 'refuse':
      return 0;
    case 'answer':
      return behaviour.status;
    case 'too-large':
      return itemTypes.includes('attachment') ? 413 : 200;
  }
}
