import type { WorkflowContext } from '../../core/workflow.ts';
import { isTest } from '../patterns/weakened.ts';

/** What a run changed, from the state before its first write or command to now. */
export interface ChangedFiles {
  /** Digests. */
  from: string;
  to: string;
  /** Files that are there now, tests too. */
  present: string[];
  /** The same that were not there before. */
  added: Set<string>;
  deleted: string[];
  /** Of all three those that are tests. */
  tests: string[];
}

/** Undefined when nothing was changed. @throws CopilotError `E_SNAPSHOT` when it cannot be known */
export const changedFiles = async ({ sandbox }: WorkflowContext): Promise<ChangedFiles | undefined> => {
  const from = await sandbox.origin();
  if (from === undefined) return undefined;
  const to = await sandbox.digest();
  const changes = from === to ? [] : await sandbox.changes(from, to);
  if (changes.length === 0) return undefined;
  const present = changes.filter(({ kind }) => kind !== 'deleted').map(({ path }) => path);
  return {
    ...{ from, to, present },
    added: new Set(changes.filter(({ kind }) => kind === 'added').map(({ path }) => path)),
    deleted: changes.filter(({ kind }) => kind === 'deleted').map(({ path }) => path),
    tests: changes.map(({ path }) => path).filter(isTest),
  };
};

const decoder = new TextDecoder();

/** The text of a file now. @throws ToolError */
export const textNow = async ({ sandbox }: WorkflowContext, path: string): Promise<string> =>
  decoder.decode(await sandbox.readFile(path));

/** Texts of files at a digest; left out are those that were not there. */
export const textsAt = async (
  { sandbox }: WorkflowContext,
  digest: string,
  paths: readonly string[],
): Promise<Map<string, string>> => {
  if (paths.length === 0) return new Map();
  const copy = await sandbox.copyOf(digest);
  try {
    const texts = new Map<string, string>();
    for (const path of paths)
      if ((await copy.stat(path))?.kind === 'file') texts.set(path, decoder.decode(await copy.readFile(path)));
    return texts;
  } finally {
    await copy.close();
  }
};

/** The tree git knows without having it stored: nothing in it. */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** Every test file of a state. */
export const testsAt = async ({ sandbox }: WorkflowContext, digest: string): Promise<string[]> =>
  (await sandbox.changes(emptyTree, digest)).map(({ path }) => path).filter(isTest);
