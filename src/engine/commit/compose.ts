import type { Diff } from '../../core/diff.ts';
import { bodyOf } from './body.ts';
import { branchReferences } from './branch-references.ts';
import { breakingNote } from './breaking.ts';
import { classify } from './classify.ts';
import type { Conventions } from './conventions.ts';
import { assembleMessage } from './message.ts';
import type { Footer } from './parse-message.ts';
import { subjectOf } from './subject.ts';
import type { ChangedSymbols } from './symbols.ts';
import type { CommitType } from './types.ts';
import { versionBumps } from './version-bumps.ts';

/** A message and what it was made of. */
export interface CommitDraft {
  message: string;
  type: CommitType;
  scope?: string;
  subject: string;
  body?: string;
  /** What breaks for those who use the package. */
  breaking?: string;
  footers: Footer[];
  /** Whole messages, the first one is `message`. */
  candidates: string[];
  /** How type and scope were found, one line each. */
  why: string[];
}

/** What the human decided already. */
export interface Wishes {
  type?: CommitType;
  /** Empty: none. */
  scope?: string;
  noBody?: boolean;
  /** How many candidates; 3 when left out. */
  candidates?: number;
}

/** The footers that refer to the issues of a branch; in the subject where this history has them there. */
const referencesFor = (branch: string | undefined, conventions: Conventions): { footers: Footer[]; suffix: string } => {
  const references = branchReferences(branch);
  if (references.length === 0) return { footers: [], suffix: '' };
  if (conventions.references === 'subject') return { footers: [], suffix: ` (${references.join(', ')})` };
  return { footers: [{ token: conventions.referenceToken, value: references.join(', ') }], suffix: '' };
};

/** A message from what is seen, without any model: the same for the same change. */
export const composeDraft = (
  diff: Pick<Diff, 'files'>,
  symbols: ChangedSymbols,
  { conventions, branch, wishes = {} }: { conventions: Conventions; branch?: string | undefined; wishes?: Wishes },
): CommitDraft => {
  const { files } = diff;
  const seen = classify(diff, symbols, conventions);
  const type = wishes.type ?? seen.type;
  const scope = wishes.scope === '' ? undefined : (wishes.scope ?? seen.scope);
  const bumps = versionBumps(files);
  const breaking = breakingNote(files, symbols);
  const { footers, suffix } = referencesFor(branch, conventions);
  const body = wishes.noBody === true ? '' : bodyOf(files, symbols, bumps);
  const emoji = conventions.emoji === undefined ? '' : (emojiOf[type] ?? '');
  const write = (as: CommitType): { subject: string; message: string } => {
    const subject = `${emoji}${subjectOf(files, symbols, { type: as, bumps })}${suffix}`;
    return { subject, message: assembleMessage({ type: as, scope, subject, body, breaking, footers }) };
  };
  const first = write(type);
  const others = wishes.type === undefined ? seen.others.slice(0, Math.max(0, (wishes.candidates ?? 3) - 1)) : [];
  const why = [...seen.why];
  if (breaking !== undefined) why.push(`breaking: ${breaking}`);
  if (conventions.commits >= 10 && conventions.script !== 'Latin')
    why.push(`this history is mostly in ${conventions.script} script; without a model messages are in English`);
  return {
    ...{ message: first.message, type, subject: first.subject, footers, why },
    ...(scope === undefined ? {} : { scope }),
    ...(body === '' ? {} : { body }),
    ...(breaking === undefined ? {} : { breaking }),
    candidates: [...new Set([first.message, ...others.map((other) => write(other).message)])],
  };
};

/** Of gitmoji.dev (read 2026-11-28), for histories that have one in most subjects. */
const emojiOf: Readonly<Partial<Record<CommitType, string>>> = {
  feat: '✨ ',
  fix: '🐛 ',
  docs: '📝 ',
  style: '🎨 ',
  refactor: '♻️ ',
  perf: '⚡️ ',
  test: '✅ ',
  build: '📦️ ',
  ci: '👷 ',
  chore: '🔧 ',
};
