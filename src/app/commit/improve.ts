import { isCopilotError, messageOf } from '../../base/errors.ts';
import type { Diff, FileDiff } from '../../core/diff.ts';
import type { CommitDraft, Wishes } from '../../engine/commit/compose.ts';
import type { Conventions } from '../../engine/commit/conventions.ts';
import { fenced, fileText, frameOf, messageSchema, summarySchema } from '../../engine/commit/question.ts';
import type { ChangedSymbols } from '../../engine/commit/symbols.ts';
import { takeAnswer } from '../../engine/commit/take-answer.ts';
import { commitTypes } from '../../engine/commit/types.ts';
import { countTokens } from '../../host/tokens.ts';
import type { Consultant } from '../consult.ts';

/**
 * Tokens of o200k_base that the change may take in one question. With the instructions, the frame, the schema and half as
 * many again for tokenisers that make more of them it stays below 8,000.
 */
export const questionTokens = 4000;
/** Questions about parts of a large change; what is beyond is told in one line a file. */
const mostParts = 8;

interface Given {
  diff: Diff;
  symbols: ChangedSymbols;
  conventions: Conventions;
  consultant: Pick<Consultant, 'ask'>;
  wishes: Wishes;
  say: (notice: string) => void;
  signal?: AbortSignal | undefined;
}

interface Part {
  texts: string[];
  tokens: number;
}

const cutTo = async (text: string, tokens: number): Promise<string> => {
  let cut = text;
  for (let size = await countTokens(cut); size > tokens; size = await countTokens(cut))
    cut = `${cut.slice(0, Math.floor((cut.length * tokens * 0.95) / size)).replace(/[\ud800-\udbff]$/, '')}\n… cut\n`;
  return cut;
};

const headOf = (text: string): string => text.slice(0, text.indexOf('\n') + 1);

/** Parts of a change that each fit into a question, files of one folder together; and what is only named. */
const partsOf = async (files: readonly FileDiff[]): Promise<{ parts: Part[]; rest: string[] }> => {
  const parts: Part[] = [];
  const rest: string[] = [];
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const file of sorted) {
    const whole = fileText(file);
    // Nobody needs all of a text of 100,000 lines to know what it is about.
    const text = await cutTo(whole.slice(0, questionTokens * 8), questionTokens);
    const tokens = await countTokens(text);
    const last = parts.at(-1);
    if (last && last.tokens + tokens <= questionTokens) {
      last.texts.push(text);
      last.tokens += tokens;
    } else if (parts.length < mostParts) parts.push({ texts: [text], tokens });
    else rest.push(headOf(whole));
  }
  return { parts, rest };
};

const summaryOf = (answer: unknown): string =>
  typeof answer === 'object' && answer !== null && 'summary' in answer && typeof answer.summary === 'string'
    ? answer.summary.slice(0, 1500)
    : '';

/** The change as it is shown in the last question: itself, or what the model said of its parts. */
const shownChange = async (files: readonly FileDiff[], ask: Consultant['ask']): Promise<string> => {
  const { parts, rest } = await partsOf(files);
  const [only] = parts;
  if (only && parts.length === 1 && rest.length === 0) return fenced('The change', only.texts.join('\n'));
  const summaries: string[] = [];
  for (const { texts } of parts) {
    const text = `Summarise this part of a larger change.\n\n${fenced('Part of the change', texts.join('\n'))}`;
    const heads = texts.map(headOf).join('');
    summaries.push(`${heads}${summaryOf(await ask({ agent: 'committer', text, schema: summarySchema }))}`);
  }
  const all = [...summaries, ...(rest.length > 0 ? [`Files that were not read:\n${rest.join('')}`] : [])].join('\n\n');
  return fenced('Summaries of the parts of the change', await cutTo(all, questionTokens));
};

/** What of a change may be named: its lines and paths, and the words of the frame. */
const evidenceOf = ({ files }: Diff, frame: string): string => {
  const lines = files.flatMap(({ path, oldPath = '', hunks, made }) => [
    path,
    oldPath,
    ...(made === undefined ? hunks.flatMap((hunk) => [hunk.section, ...hunk.lines.map(({ text }) => text)]) : []),
  ]);
  return [frame, ...lines].join('\n');
};

/** A message with a model's subject and body, held against the change; the rules' own where it cannot answer. */
export const improve = async (rules: CommitDraft, given: Given): Promise<CommitDraft> => {
  const { diff, conventions, consultant, wishes, say, signal } = given;
  const listed =
    wishes.type === undefined
      ? [rules.type, ...commitTypes.filter((type) => type !== rules.type && type !== 'revert')]
      : [wishes.type];
  const frame = frameOf(rules, conventions, wishes.candidates ?? 3, listed);
  try {
    const shown = await shownChange(diff.files, (question) => consultant.ask(question));
    const answer = await consultant.ask({ agent: 'committer', text: `${frame}\n\n${shown}`, schema: messageSchema });
    const { draft, notices } = takeAnswer(answer, rules, {
      ...{ evidence: evidenceOf(diff, frame), conventions, listed },
      fixed: { type: wishes.type !== undefined, scope: wishes.scope !== undefined, noBody: wishes.noBody === true },
    });
    for (const notice of notices) say(notice);
    return draft;
  } catch (error) {
    signal?.throwIfAborted();
    // A limit of money is the human's own word; anything else is no reason not to commit.
    if (!isCopilotError(error)) throw error;
    say(`the model could not help, the message is made by rules: ${messageOf(error)}`);
    return rules;
  }
};
