import { printable } from '../../base/printable.ts';
import type { MemoryDraft, MemoryItem, MemoryScope, MemorySource } from '../../core/memory.ts';
import { ToolError } from '../../core/tool.ts';
import { citation, linesOf } from '../../engine/memory/cited-lines.ts';
import { limits } from '../../engine/memory/limits.ts';
import { citedFile, citedPath } from '../../host/memory/cited-file.ts';
import { wholeCommit } from '../../host/memory/repo-identity.ts';
import type { MemoryParts, Speaker } from './memory-parts.ts';

/** Confidence of what nobody put a number to. */
const usualConfidence = { user: 0.9, agent: 0.6 } as const;

const redactedOnly = /\[redacted[^\]]*\]|[\s\p{P}]/gu;

/** A text as it is kept: without what hides and without secrets. @throws ToolError when nothing is left, or it is too long. */
export const keptText = (text: string, { redact }: Pick<MemoryParts, 'redact'>): string => {
  const trimmed = printable(Buffer.from(text.slice(0, 4 * limits.textChars)).toString()).trim();
  if (trimmed === '') throw new ToolError('There is nothing to remember: the text is empty.');
  if (text.trim().length > limits.textChars)
    throw new ToolError(
      `The text has ${text.trim().length} characters; at most ${limits.textChars} are remembered at a time. Keep to one thing, or split it.`,
    );
  const kept = redact(trimmed);
  if (kept.replace(redactedOnly, '') === '')
    throw new ToolError('There is nothing to remember besides a secret, and secrets are not kept.');
  return kept;
};

/** A source as it is kept. @throws ToolError when it does not exist. */
const keptSource = async (
  source: MemoryDraft['sources'][number],
  { root, place, env }: MemoryParts,
): Promise<MemorySource> => {
  switch (source.type) {
    case 'user':
    case 'session':
      return source;
    case 'commit': {
      const commit = await wholeCommit(place.top, env, source.commit);
      if (commit === undefined) throw new ToolError(`There is no commit ${source.commit} in this repository.`);
      return { type: 'commit', commit };
    }
    case 'file': {
      const { startLine, endLine } = source;
      const path = citedPath(root, place.top, source.path);
      if (!Number.isInteger(startLine) || !Number.isInteger(endLine) || startLine < 1 || endLine < startLine)
        throw new ToolError(
          `${source.path}:${startLine}-${endLine} are no lines: they count from 1, the first one first.`,
        );
      const file = citedFile(place.top, path);
      if ('gone' in file) throw new ToolError(`${source.path} is no source: ${file.gone}.`);
      const lines = linesOf(file.text);
      // What ends with a line break has no line after it.
      const count = lines.at(-1) === '' ? lines.length - 1 : lines.length;
      if (endLine > count) throw new ToolError(`${source.path} has ${count} lines; line ${endLine} is not there.`);
      if (endLine - startLine >= limits.citedLines)
        throw new ToolError(`Cite at most ${limits.citedLines} lines; better, only those that say it.`);
      return { type: 'file', path, ...citation(lines, startLine, endLine) };
    }
  }
};

/** A draft that may be kept. */
export interface Resolved {
  text: string;
  kind: MemoryItem['kind'];
  scope: MemoryScope;
  sources: MemorySource[];
  confidence: number;
  expiresAt: number | null;
  status: MemoryItem['status'];
  reason: string | null;
  origin: MemoryItem['origin'];
}

/** Looks at everything a draft says. @throws ToolError for what its author can mend. */
export const resolveDraft = async (draft: MemoryDraft, speaker: Speaker, parts: MemoryParts): Promise<Resolved> => {
  const { place, now } = parts;
  const text = keptText(draft.text, parts);
  const confidence = draft.confidence ?? usualConfidence[speaker.by];
  if (!(confidence >= 0 && confidence <= 1)) throw new ToolError('Confidence is a number from 0 to 1.');
  const expiresAt = draft.expiresAt ?? null;
  if (expiresAt !== null && !(expiresAt > now())) throw new ToolError('It would have expired already.');
  if (draft.sources.length > limits.sources) throw new ToolError(`At most ${limits.sources} sources, please.`);
  const scope = draft.scope ?? { type: 'repo', repo: place.repo };
  const isHere = scope.type !== 'user' && scope.repo === place.repo;
  if (!isHere && draft.sources.some(({ type }) => type === 'file' || type === 'commit'))
    throw new ToolError('Only what is about this repository can rest on its files and commits.');
  const sources: MemorySource[] = [];
  for (const source of draft.sources) sources.push(await keptSource(source, parts));
  if (speaker.by === 'agent' && sources.some(({ type }) => type === 'user'))
    throw new ToolError('Only the user can be named as the user.');
  if (speaker.by === 'user' && !sources.some(({ type }) => type === 'user')) sources.unshift({ type: 'user' });
  if (speaker.by === 'agent' && sources.length === 0) {
    const usual = speaker.source?.();
    if (usual) sources.push(usual);
  }
  const origin = draft.origin ?? (speaker.by === 'agent' ? speaker.origin?.() : undefined);
  const isForeign = origin !== undefined && origin !== 'user';
  const reason = isForeign
    ? `its words may come from outside (${origin})`
    : speaker.by === 'user'
      ? null
      : !speaker.autoAccept
        ? 'an agent proposed it'
        : isHere
          ? null
          : 'an agent proposed it for more than this repository';
  const status = reason === null ? 'accepted' : 'proposed';
  return { text, kind: draft.kind, scope, sources, confidence, expiresAt, status, reason, origin };
};
