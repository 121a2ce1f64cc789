import type { Config } from '../../core/config.ts';
import { defaults } from '../../core/config.ts';
import type { Diff } from '../../core/diff.ts';
import type { Detected } from '../../core/finding.ts';
import type { Plugin } from '../../core/plugin.ts';
import { baselinePath, baselineWith } from '../../engine/review/baseline.ts';
import { fingerprinted, linesByFile } from '../../engine/review/fingerprint.ts';
import { isOverGate } from '../../engine/review/gate.ts';
import { compareFindings, mergedFindings } from '../../engine/review/merge.ts';
import { isOpen, type Gate, type ModelShare, type ReviewReport } from '../../engine/review/report.ts';
import { runRules } from '../../engine/review/run-rules.ts';
import { reviewRules } from '../../engine/review/rules/index.ts';
import { quietAfter, standing } from '../../engine/review/standing.ts';
import type { DiffWanted, Repository } from '../../host/git/repository.ts';
import { openRepository } from '../../host/git/repository.ts';
import type { Env } from '../../host/paths.ts';
import { writeProjectFile } from '../../host/review/project-file.ts';
import { loadSettings } from '../settings.ts';
import type { ModelReview } from './ask-model.ts';
import { chooseChange, type ChosenChange, type WantedChange } from './choose-change.ts';
import { filesWithSyntax } from './files-with-syntax.ts';
import { gatherFor } from './gather.ts';
import { projectWord } from './project-word.ts';
import { secretsOfUnread } from './secrets-of-unread.ts';

/** What is reviewed, and how. */
export interface ReviewOptions {
  env: Env;
  cwd: string;
  plugins: readonly Plugin[];
  wanted?: DiffWanted;
  /** What somebody said of it, where `wanted` is left out. */
  said?: WantedChange;
  /** Already opened, as a hook does. */
  repository?: Repository;
  /** Only rules that need no syntax tree; nothing is remembered, no model is asked. */
  quick?: boolean;
  /** Nobody, when left out. */
  model?: NonNullable<ModelReview['model']>;
  /** Flags that are configuration, such as `model`. */
  flags?: Config;
  /** Instead of the configured one. */
  failOn?: Gate | undefined;
  /** Only what was not raised before counts for the gate. */
  newOnly?: boolean;
  /** Open findings are added to the project's baseline. */
  writeBaseline?: boolean;
  /** Ms since epoch. */
  now?: number;
}

/** In CI nothing depends on what was said on that machine before. */
const isInCi = ({ CI }: Env): boolean => CI !== undefined && !/^(?:|0|false)$/i.test(CI);

/** Each takes a process of git. */
const mostPatches = 40;

const emptyReport = (title: string, gate: Gate, notices: string[]): ReviewReport => ({
  ...{ title, files: 0, added: 0, deleted: 0, findings: [], fixed: [], claims: {}, gate, failed: false, notices },
});

const diffOf = async (
  repository: Repository,
  { wanted, said = {} }: Pick<ReviewOptions, 'wanted' | 'said'>,
  signal: AbortSignal,
): Promise<{ wanted: DiffWanted; diff: Diff } | undefined> => {
  const chosen: ChosenChange | undefined = wanted ? { wanted } : await chooseChange(repository, said, signal);
  if (!chosen) return undefined;
  const diff = chosen.diff ?? (await repository.diff(chosen.wanted, {}, signal));
  return { wanted: chosen.wanted, diff: { ...diff, title: chosen.title ?? diff.title } };
};

/** False of commits that are not checked out: of these nothing here can tell. */
const isCheckedOut = async (repository: Repository, wanted: DiffWanted, signal: AbortSignal): Promise<boolean> =>
  !('to' in wanted) ||
  wanted.to === 'HEAD' ||
  (await repository.resolve(wanted.to, signal)) === (await repository.resolve('HEAD', signal));

/** Patches that do not apply to what was reviewed are taken out; what they were for is still said. */
const dropUnfitPatches = async (
  repository: Repository,
  wanted: DiffWanted,
  findings: readonly Detected[],
  signal: AbortSignal,
): Promise<void> => {
  const patched = findings.filter(({ suggestion }) => suggestion?.patch !== undefined);
  if (patched.length === 0) return;
  const isHere = await isCheckedOut(repository, wanted, signal);
  for (const [at, { suggestion }] of patched.entries()) {
    const { patch } = suggestion ?? {};
    if (!suggestion || patch === undefined) continue;
    const fits =
      isHere &&
      at < mostPatches &&
      (await repository.patchProblem(patch, 'staged' in wanted ? 'index' : 'worktree', signal)) === undefined;
    if (!fits) delete suggestion.patch;
  }
};

/**
 * Reviews a change: rules first, then, where one may be asked, a model with what they found. Nothing of the repository is
 * changed, unless a baseline is to be written.
 * @throws CopilotError exit 2 for what cannot be reviewed, 3 for files of the project that are wrong
 */
export const reviewChange = async (options: ReviewOptions, signal: AbortSignal): Promise<ReviewReport> => {
  const { env, cwd, quick = false, newOnly = false, now = Date.now() } = options;
  const repository = options.repository ?? (await openRepository(cwd, env, signal));
  const { root } = repository;
  const settings = await loadSettings(env, root, options.flags ? { flags: options.flags } : {});
  const notices = [...settings.notices];
  const gate = options.failOn ?? settings.value.review?.failOn ?? defaults.review.failOn;
  const change = await diffOf(repository, options, signal);
  if (!change) return emptyReport('the work tree', gate, notices);
  if (change.diff.files.length === 0) return emptyReport(change.diff.title, gate, notices);
  const { notices: ofProject, ...project } = await projectWord(repository, change.diff, { isCi: isInCi(env) }, signal);
  const exclude = settings.value.review?.exclude ?? [];
  const gathered = await gatherFor(repository, change.wanted, change.diff, { env, exclude, quick }, signal);
  notices.push(...gathered.notices);
  const rules = settings.value.review?.rules;
  const detected = runRules(gathered, { rules, quick, notice: (line) => notices.push(line) });
  detected.push(...(await secretsOfUnread(repository, gathered.diff.files, rules, signal)));
  notices.push(...ofProject);
  let ofModel: Detected[] = [];
  let model: ModelShare | undefined;
  if (!quick && options.model !== undefined && options.model !== 'never') {
    const { askModel } = await import('./ask-model.ts');
    const asked = await askModel(
      { ...options, repository, settings: settings.value, change: gathered, detected },
      (line) => notices.push(line),
      signal,
    );
    if (asked) ({ findings: ofModel, share: model } = asked);
  }
  const merged = mergedFindings(detected, ofModel);
  if (!quick) await dropUnfitPatches(repository, change.wanted, merged, signal);
  const fileOf = await filesWithSyntax(gathered, merged);
  const findings = fingerprinted(merged, fileOf);
  const linesOf = linesByFile(fileOf);
  // A hook asks only about what it would stop for; in CI every run is the first one.
  const memory =
    isInCi(env) || (quick && findings.length === 0)
      ? undefined
      : await (await import('./remembered.ts')).remembered(env, root, (line) => notices.push(line));
  try {
    const before = memory?.before(findings.map(({ fingerprint }) => fingerprint));
    const reviewed = standing(findings, {
      ...project,
      today: new Date(now).toISOString().slice(0, 10),
      linesOf: (path) => linesOf(path, 'new'),
      before: (fingerprint) => {
        const known = before?.get(fingerprint);
        const wasOpen = known?.status === 'open' || known?.status === 'kept';
        return known && { isDismissed: known.status === 'dismissed', wasOpen, reason: known.reason };
      },
      dismissals: memory?.dismissals(quietAfter) ?? (() => 0),
    }).sort(compareFindings);
    if (options.writeBaseline) {
      const added = reviewed.filter(isOpen);
      writeProjectFile(root, baselinePath, baselineWith(project.baseline, added));
      for (const finding of added) Object.assign(finding, { state: 'baseline', reason: 'It is in the baseline.' });
      notices.push(`${added.length} ${added.length === 1 ? 'finding was' : 'findings were'} added to ${baselinePath}.`);
    }
    const when = memory && { at: now, isCheckedOut: await isCheckedOut(repository, change.wanted, signal) };
    const fixed = quick ? [] : when ? memory.update(reviewed, fileOf, when) : [];
    const claims = Object.fromEntries(
      reviewRules
        .filter(({ name }) => reviewed.some(({ rule }) => rule === name))
        .map(({ name, claim }) => [name, claim]),
    );
    return {
      title: change.diff.title,
      files: gathered.diff.files.length,
      added: gathered.diff.files.reduce((sum, { added }) => sum + added, 0),
      deleted: gathered.diff.files.reduce((sum, { deleted }) => sum + deleted, 0),
      ...{ findings: reviewed, fixed, claims, gate },
      failed: reviewed.some((finding) => isOverGate(finding, gate, newOnly)),
      ...(model && { model }),
      notices,
    };
  } finally {
    memory?.close();
  }
};
