import { statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { usageError } from '../../base/errors.ts';
import { isWithin } from '../../base/within.ts';
import type { WorkflowVerb } from '../../core/workflow-definition.ts';
import type { Target } from '../../engine/workflows/gather.ts';

const looksLikePath = (word: string): boolean =>
  !/\s/.test(word) && (word.includes('/') || /^[^.]*[\w)]\.\w{1,6}$|^\.\w/.test(word));

const targetOf = (word: string, root: string): Target => {
  const [, plain = word, from, to, symbol] = /^(.+?)(?::(\d+)(?:-(\d+))?|#([\w$]+))?$/.exec(word) ?? [];
  const whole = resolve(root, word);
  const isWhole = statSync(whole, { throwIfNoEntry: false }) !== undefined;
  const path = isWhole ? whole : resolve(root, plain);
  const stat = statSync(path, { throwIfNoEntry: false });
  const kind = stat === undefined ? 'missing' : stat.isDirectory() ? 'folder' : 'file';
  const shown = isWithin(path, root) ? relative(root, path) || '.' : path;
  if (isWhole) return { path: shown, kind };
  return {
    ...{ path: shown, kind },
    ...(symbol === undefined ? {} : { symbol }),
    ...(from === undefined ? {} : { lines: [Number(from), Number(to ?? from)] as const }),
  };
};

/**
 * Takes what was typed apart: paths at the beginning are what it is about, the rest says what to do.
 * @throws CopilotError exit 2 for a path that is not there, or when something is missing
 */
export const takeApart = (
  words: readonly string[],
  root: string,
  verb: WorkflowVerb,
): { targets: Target[]; request: string } => {
  const wanted = verb.arguments.find(({ name }) => name === 'targets');
  const targets: Target[] = [];
  let at = 0;
  for (; wanted && at < words.length; at += 1) {
    const word = words[at] ?? '';
    const next = words[at + 1];
    // A plain word may be the first of a sentence, although there is a folder of that name.
    const isPlain = /^\w+$/.test(word) && next !== undefined && !/\s/.test(next) && !looksLikePath(next);
    if (word === '' || /\s/.test(word) || isPlain) break;
    const target = targetOf(word, root);
    if (target.kind === 'missing') {
      if (!looksLikePath(word)) break;
      if (!wanted.new)
        throw usageError(
          `There is no file ${target.path}.`,
          `Paths come first, then what to do: llm-copilot ${verb.name} src/file.ts "…"`,
        );
    }
    targets.push(target);
  }
  return { targets, request: words.slice(at).join(' ').trim() };
};

/** @throws CopilotError exit 2 when what a verb needs was not given */
export const requireGiven = (verb: WorkflowVerb, targets: readonly Target[], request: string): void => {
  const needs = (name: 'targets' | 'request'): boolean =>
    verb.arguments.some((one) => one.name === name && one.required === true);
  const usage = `llm-copilot ${verb.name} ${verb.arguments.map(({ name, required }) => (name === 'targets' ? (required ? '<file…>' : '[file…]') : required ? '"what to do"' : '["what to do"]')).join(' ')}`;
  if (needs('targets') && targets.length === 0) throw usageError(`${verb.name} needs a file or folder.`, usage);
  if (needs('request') && request === '') throw usageError(`${verb.name} needs to be told what to do.`, usage);
  if (!verb.alone && targets.length === 0 && request === '')
    throw usageError(`${verb.name} needs a file, or to be told what to do.`, usage);
};
