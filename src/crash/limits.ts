/** The limits of Sentry: docs/decisions/0005-sentry-events.md. In characters. */
export const maxTagLength = 200;
export const maxValueLength = 8192;
export const maxCrumbs = 100;
export const maxCrumbLength = 1000;

/** Never through the middle of a character: Sentry would refuse the whole event. */
export const cut = (text: string, limit: number): string => text.slice(0, limit).toWellFormed();
