import { configError, isCopilotError, messageOf } from '../../base/errors.ts';
import type { Config } from '../../core/config.ts';
import type { Detected } from '../../core/finding.ts';
import type { Plugin } from '../../core/plugin.ts';
import { citedFindings, finderQuestion, finderSchema } from '../../engine/review/model/finder.ts';
import { maskedLines, piecesOf, type Masked, type Piece } from '../../engine/review/model/pieces.ts';
import { scepticQuestion, scepticSchema, survivors } from '../../engine/review/model/sceptic.ts';
import type { ModelShare } from '../../engine/review/report.ts';
import type { ReviewFile, ReviewInput } from '../../engine/review/rule.ts';
import type { Repository } from '../../host/git/repository.ts';
import type { Env } from '../../host/paths.ts';
import { readTemplates } from '../../host/templates.ts';
import { countTokens } from '../../host/tokens.ts';
import { openConsultant, type Consultant } from '../consult.ts';
import { tokenCounts } from '../models/token-counts.ts';
import { callersOf } from './callers.ts';
import type { Gathered } from './gather.ts';

/** What a model is asked about. */
export interface ModelReview {
  env: Env;
  plugins: readonly Plugin[];
  /** Flags that are configuration, such as `model`. */
  flags?: Config;
  /** Whether a model is asked: never, where there is one, or somebody insists on it. */
  model?: 'never' | 'auto' | 'wanted' | 'required';
  repository: Repository;
  settings: Config;
  change: Gathered;
  detected: readonly Detected[];
}

/** Input tokens of a review, both passes together, as the model counts them. */
export const reviewTokens = 10_000;
/** Of what is left beside instructions and schemas; the rest is for the sceptic. */
const finderShare = 0.65;
/** Places that are looked at for whether they fit: of a change of 100,000 lines the riskiest. */
const mostPieces = 300;
const windows = [30, 18, 10, 5, 2];

/** What the instructions and schemas of both passes take, in tokens of o200k_base. */
export const fixedTokens = async (): Promise<{ finder: number; sceptic: number }> => {
  const templates = readTemplates('agents', '.md');
  const size = async (agent: string, schema: object): Promise<number> =>
    (await countTokens(templates.get(agent) ?? '')) + (await countTokens(JSON.stringify(schema)));
  return {
    finder: await size('review-finder', finderSchema),
    sceptic: await size('review-sceptic', scepticSchema),
  };
};

/** Lines that are not shown, by file, each file looked at once. */
export const maskedByFile = (detected: readonly Detected[]): ((file: ReviewFile) => Masked) => {
  const known = new Map<ReviewFile, Masked>();
  return (file) => {
    const masked = known.get(file) ?? maskedLines(file, detected);
    known.set(file, masked);
    return masked;
  };
};

/** The first question within so many tokens of o200k_base: the riskiest places, in the order of the change. */
export const firstQuestion = async (
  input: ReviewInput,
  {
    detected,
    callers,
    pieces,
  }: { detected: readonly Detected[]; callers: readonly string[]; pieces: readonly Piece[] },
  budget: number,
): Promise<{ text: string; chosen: Piece[]; tokens: number }> => {
  const known = detected.slice(0, 15);
  let room = budget - (await countTokens(finderQuestion(input.diff.title, [], known, callers)));
  const headings = new Set<string>();
  const chosen: Piece[] = [];
  for (const piece of [...pieces].sort((a, b) => b.risk - a.risk || a.order - b.order).slice(0, mostPieces)) {
    const heading = headings.has(piece.path) ? 0 : (await countTokens(piece.heading)) + 1;
    const tokens = (await countTokens(piece.text)) + 1 + heading;
    if (tokens > room) continue;
    room -= tokens;
    headings.add(piece.path);
    chosen.push(piece);
  }
  // Pieces together can be a little more than each by itself.
  for (;;) {
    const inOrder = [...chosen].sort((a, b) => a.order - b.order);
    const text = finderQuestion(input.diff.title, inOrder, known, callers);
    const tokens = await countTokens(text);
    if (tokens <= budget || chosen.length === 0) return { text, chosen: inOrder, tokens };
    chosen.pop();
  }
};

/** The second question within so many tokens of o200k_base: as much around the findings as fits. */
export const secondQuestion = async (
  cited: Parameters<typeof scepticQuestion>[0],
  maskedIn: (path: string) => Masked,
  budget: number,
): Promise<{ text: string; count: number }> => {
  for (let count = cited.length; count > 0; count -= 1)
    for (const around of windows) {
      const text = scepticQuestion(cited.slice(0, count), maskedIn, around);
      if ((await countTokens(text)) <= budget) return { text, count };
    }
  return { text: '', count: 0 };
};

const leftOutNotice = (pieces: readonly Piece[], chosen: readonly Piece[]): string | undefined => {
  const left = pieces.length - chosen.length;
  if (left === 0) return undefined;
  const shown = new Set(chosen.map(({ path }) => path));
  const unseen = [...new Set(pieces.map(({ path }) => path))].filter((path) => !shown.has(path));
  const files =
    unseen.length === 0
      ? ''
      : `, nothing of ${unseen.slice(0, 3).join(', ')}${unseen.length > 3 ? ` and ${unseen.length - 3} more files` : ''}`;
  return `The model saw the ${chosen.length} riskiest of ${pieces.length} changed places${files}.`;
};

const open = async (review: ModelReview, signal: AbortSignal): Promise<Consultant | undefined> => {
  const { env, plugins, flags, repository } = review;
  return openConsultant({ env, plugins, cwd: repository.root, title: 'review', ...(flags && { flags }) }, signal);
};

/**
 * Has a model look for what rules cannot see: one question for findings, one to a sceptic about all of them. What cites no
 * changed line or is refuted is dropped. A model that fails is told to `notice`, and the rules' findings stand.
 * @throws CopilotError where a model is required and cannot answer
 */
export const askModel = async (
  review: ModelReview,
  notice: (line: string) => void,
  signal: AbortSignal,
): Promise<{ findings: Detected[]; share: ModelShare } | undefined> => {
  const { change, detected, model = 'auto' } = review;
  const maskedIn = maskedByFile(detected);
  const pieces = piecesOf(change.files, detected, maskedIn);
  if (pieces.length === 0) return undefined;
  let consultant: Consultant | undefined;
  try {
    consultant = await open(review, signal);
    if (!consultant) {
      const missing = 'No model is named and no key is set';
      if (model === 'required')
        throw configError(`${missing}.`, 'Set a key (llm-copilot doctor lists them), or leave --require-model out.');
      if (model === 'wanted') notice(`${missing}: only the rules looked at it.`);
      return undefined;
    }
    return await consult(consultant, review, { pieces, maskedIn, notice }, signal);
  } catch (error) {
    signal.throwIfAborted();
    // What a person named and got wrong is theirs to mend, before any model was asked.
    if (!isCopilotError(error) || model === 'required' || (!consultant && model === 'wanted')) throw error;
    notice(`The model could not be asked, only the rules looked at it: ${messageOf(error)}`);
    return undefined;
  } finally {
    await consultant?.close();
  }
};

const consult = async (
  consultant: Consultant,
  { env, plugins, repository, settings, change, detected }: ModelReview,
  {
    pieces,
    maskedIn,
    notice,
  }: { pieces: readonly Piece[]; maskedIn: (file: ReviewFile) => Masked; notice: (line: string) => void },
  signal: AbortSignal,
): Promise<{ findings: Detected[]; share: ModelShare }> => {
  for (const line of consultant.notices) notice(line);
  const { factor, margin } = await tokenCounts(env, repository.root, plugins, { model: consultant.model, texts: [] });
  const fixed = await fixedTokens();
  const total = Math.floor(reviewTokens / (factor * (1 + margin))) - fixed.finder - fixed.sceptic;
  const callers = await callersOf(change, { env, cwd: repository.root, plugins }, settings, signal);
  const first = await firstQuestion(change, { detected, callers, pieces }, Math.floor(total * finderShare));
  const left = leftOutNotice(pieces, first.chosen);
  if (left !== undefined) notice(left);
  const share = (proposed: number, uncited: number, refuted: number): ModelShare => ({
    ...{ model: consultant.model, proposed, uncited, refuted },
    ...consultant.consumed,
  });
  if (first.chosen.length === 0) return { findings: [], share: share(0, 0, 0) };
  const answer = await consultant.ask({ agent: 'review-finder', text: first.text, schema: finderSchema });
  const byPath = new Map(change.files.map((file) => [file.path, file]));
  const maskedOf = (path: string): Masked => {
    const file = byPath.get(path);
    return file ? maskedIn(file) : { new: new Set(), old: new Set() };
  };
  const shown = new Set(first.chosen.map(({ path }) => path));
  const { proposed, uncited, cited } = citedFindings(answer, change, shown, (path, line, side) =>
    maskedOf(path)[side].has(line),
  );
  if (cited.length === 0) return { findings: [], share: share(proposed, uncited, 0) };
  const second = await secondQuestion(cited, maskedOf, total - first.tokens);
  let verdicts: unknown;
  try {
    if (second.count > 0)
      verdicts = await consultant.ask({ agent: 'review-sceptic', text: second.text, schema: scepticSchema });
  } catch (error) {
    signal.throwIfAborted();
    if (!isCopilotError(error)) throw error;
    notice(`What the model found could not be checked a second time, so that it counts as unsure: ${messageOf(error)}`);
  }
  const { kept, refuted } = survivors(cited, verdicts);
  return { findings: kept, share: share(proposed, uncited, refuted) };
};
