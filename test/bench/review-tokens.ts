// What the model half of a review sends, next to the raw diff with its files, over real commits:
//   node .ci/run-ts.js test/bench/review-tokens.ts -- <work tree>…
// Nobody is asked. The second pass is counted with three findings, spread over what was shown.
import {
  firstQuestion,
  fixedTokens,
  maskedByFile,
  reviewTokens,
  secondQuestion,
} from '../../src/app/review/ask-model.ts';
import { gather } from '../../src/app/review/gather.ts';
import type { CitedFinding } from '../../src/engine/review/model/finder.ts';
import { piecesOf } from '../../src/engine/review/model/pieces.ts';
import { runRules } from '../../src/engine/review/run-rules.ts';
import { openRepository } from '../../src/host/git/repository.ts';
import { countTokens } from '../../src/host/tokens.ts';

const perRepository = 40;
const findings = 3;
const folders = process.argv.slice(2).filter((word) => word !== '--');
/** As a model counts them whose tokeniser makes half as many again, with the margin there is. */
const strictest = 1.5 * 1.2;

interface Row {
  /** Instructions, schemas and both questions; the second one only where something was shown. */
  ours: number;
  oneFinding: number;
  /** The patch of files people wrote, and these files after it. */
  raw: number;
  /** The same with instructions and schema of one pass. */
  rawAsked: number;
  shown: number;
  places: number;
}

const rows: Row[] = [];
for (const folder of folders) {
  const repository = await openRepository(folder, process.env);
  const fixed = await fixedTokens();
  const total = Math.floor(reviewTokens / strictest) - fixed.finder - fixed.sceptic;
  for (const commit of await repository.log({ limit: perRepository * 3, noMerges: true })) {
    const [parent] = commit.parents;
    if (parent === undefined || rows.length >= perRepository * (folders.indexOf(folder) + 1)) continue;
    const input = await gather(repository, { from: parent, to: commit.hash }, { env: process.env });
    const detected = runRules(input);
    const maskedIn = maskedByFile(detected);
    const pieces = piecesOf(input.files, detected, maskedIn);
    if (pieces.length === 0) continue;
    const first = await firstQuestion(input, { detected, callers: [], pieces }, Math.floor(total * 0.65));
    const spread = (count: number): CitedFinding[] => {
      const lines = input.files
        .filter(({ path }) => first.chosen.some((piece) => piece.path === path))
        .flatMap((file) => file.added.map(({ line, text }) => ({ file, line, text })));
      const step = Math.max(1, Math.floor(lines.length / count));
      return lines
        .filter((_, at) => at % step === 0)
        .slice(0, count)
        .map(({ file, line, text }) => ({
          ...{
            rule: 'model/bug',
            severity: 'high',
            confidence: 'high',
            path: file.path,
            line,
            endLine: line,
            side: 'new',
          },
          ...{
            message: 'When the list is empty the loop never ends, and the caller waits for it.',
            evidence: text,
            file,
          },
        }));
    };
    const byPath = new Map(input.files.map((file) => [file.path, maskedIn(file)]));
    const none = { new: new Set<number>(), old: new Set<number>() };
    const second = async (count: number): Promise<number> => {
      const cited = spread(count);
      if (cited.length === 0) return 0;
      const { text } = await secondQuestion(cited, (path) => byPath.get(path) ?? none, total - first.tokens);
      return fixed.sceptic + (await countTokens(text));
    };
    let raw = await countTokens(
      input.files
        .flatMap(({ path, diff }) => [
          `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}`,
          ...diff.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, section, lines }) => [
            `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@ ${section}`,
            ...lines.map(({ kind, text }) => `${kind === 'added' ? '+' : kind === 'deleted' ? '-' : ' '}${text}`),
          ]),
        ])
        .join('\n'),
    );
    for (const { after } of input.files) raw += await countTokens(after ?? '');
    const once = fixed.finder + first.tokens;
    const [three, one] = [await second(findings), await second(1)];
    rows.push({
      ...{ ours: once + three, oneFinding: once + one, raw, rawAsked: raw + fixed.finder },
      ...{ shown: first.chosen.length, places: pieces.length },
    });
  }
}

const sum = (of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0);
const share = (of: (row: Row) => boolean): string => `${Math.round((100 * rows.filter(of).length) / rows.length)} %`;
const median = (of: (row: Row) => number): number => [...rows].map(of).sort((a, b) => a - b)[rows.length >> 1] ?? NaN;
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
console.log(
  [
    `${rows.length} commits of ${folders.length} repositories, tokens of o200k_base`,
    `both passes: median ${median(({ ours }) => ours)}, most ${Math.max(...rows.map(({ ours }) => ours))}; as the costliest tokeniser counts at most ${Math.round(Math.max(...rows.map(({ ours }) => ours)) * strictest)}`,
    `raw diff with its files: median ${median(({ raw }) => raw)}, most ${Math.max(...rows.map(({ raw }) => raw))}`,
    `all commits together: ${percent(1 - sum(({ ours }) => ours) / sum(({ raw }) => raw))} below raw (${percent(1 - sum(({ ours }) => ours) / sum(({ rawAsked }) => rawAsked))} below raw with the same instructions)`,
    `median commit: ${percent(median(({ ours, raw }) => 1 - ours / raw))} below raw, ${percent(median(({ oneFinding, rawAsked }) => 1 - oneFinding / rawAsked))} with one finding and the same instructions`,
    `at least 40 % below raw: ${share(({ ours, raw }) => ours <= 0.6 * raw)} of commits; not below raw at all: ${share(({ ours, raw }) => ours >= raw)}`,
    `everything shown: ${share(({ shown, places }) => shown === places)} of commits`,
  ].join('\n'),
);
