import type { Check } from '../../core/evidence.ts';

/** A check as one file names it. */
export type Candidate = Omit<Check, 'timeoutMs'>;

/** What a kind of project says of its checks. Never throws: a file that cannot be read becomes a note. */
export type Source = (files: ReadonlyMap<string, string>) => { checks: Candidate[]; notes: string[] };
