import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configError, messageOf } from '../base/errors.ts';
import type { Env } from './paths.ts';
import { quietGitArgs, withoutFilters } from './quiet-git.ts';

/** What git says of a folder; undefined outside a repository or without git. */
export interface GitFacts {
  branch: string;
  /** `M src/a.ts`, `?? b.ts`, …; at most 20. */
  changes: string[];
  /** How many there are in all. */
  changeCount: number;
}

const shownChanges = 20;

/** Asks git, for at most two seconds: a summary is not worth a wait. No program that a repository names runs. */
export const gitFacts = async (root: string, env: Env): Promise<GitFacts | undefined> => {
  const quiet = await withoutFilters(root, env);
  return new Promise((resolve) => {
    const options = { cwd: root, timeout: 2000, maxBuffer: 8 << 20, env: quiet };
    // Git would ask itself within each submodule, by that one's configuration.
    const args = [...quietGitArgs, 'status', '--porcelain', '--branch', '--ignore-submodules=dirty'];
    execFile('git', args, options, (error, stdout) => {
      if (error) {
        resolve(undefined);
        return;
      }
      const [head = '', ...lines] = stdout.trimEnd().split('\n');
      const branch = head.replace(/^## (?:No commits yet on )?/, '').replace(/\.\.\..*$/, '');
      resolve({ branch, changes: lines.slice(0, shownChanges), changeCount: lines.length });
    });
  });
};

/** Folders from `start` up to the one that holds `.git`, nearest first; only `start` outside a repository. */
export const upToRepository = (start: string): string[] => {
  const folders: string[] = [];
  for (let folder = start; ; folder = dirname(folder)) {
    folders.push(folder);
    if (existsSync(join(folder, '.git'))) return folders;
    if (dirname(folder) === folder) return [start];
  }
};

/** Project instructions a person wrote for agents. */
export interface Instructions {
  path: string;
  text: string;
}

const instructionFiles = ['AGENTS.md', 'CLAUDE.md'];
/** Characters read of an instruction file; each turn pays for every one of them. */
const maxInstructionChars = 32_000;

/**
 * The nearest `AGENTS.md`, else `CLAUDE.md`, from `start` up to the repository's top.
 * @throws CopilotError exit 3 when it cannot be read.
 */
export const projectInstructions = async (start: string): Promise<Instructions | undefined> => {
  for (const folder of upToRepository(start)) {
    for (const name of instructionFiles) {
      const path = join(folder, name);
      // A folder or a pipe of that name is none.
      if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
      const whole = await readFile(path, 'utf8').catch((error: unknown) => {
        throw configError(`${path} cannot be read: ${messageOf(error)}`, undefined, error);
      });
      const cut = whole.length > maxInstructionChars;
      return { path, text: cut ? `${whole.slice(0, maxInstructionChars)}\n[the rest of ${name} is left out]` : whole };
    }
  }
  return undefined;
};
