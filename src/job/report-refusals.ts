import type { TextDocument } from './document.ts';
import { asWritten, writePath } from './problems.ts';
import { type Refusal, refused } from './refusal.ts';
import { forbidden, type ReportPolicy } from './report-policy.ts';
import { type ReportFile, reportsOf } from './report-schema.ts';

/** The refusal of a file that asks for reports which it may not have; null where it may have all of them. */
export function forbiddenReports(
  file: ReportFile,
  policy: ReportPolicy,
  document: TextDocument,
): { readonly ok: false; readonly refusal: Refusal; readonly also: readonly Refusal[] } | null {
  const problems = reportsOf(file, 'job').flatMap((report, index): Refusal[] => {
    const found = forbidden(report, policy);
    if (!found) return [];
    const at = asWritten(['report', index], document.data);
    // A secret that is the default stands nowhere.
    const path = document.locate([...at, found.key]) ? [...at, found.key] : at;
    const key = writePath(path);
    return [{ code: 'POLICY', message: `${key}: ${found.message}`, hint: found.hint, ...document.locate(path), key }];
  });
  const [first, ...also] = problems;
  return first ? { ...refused(first), also } : null;
}
