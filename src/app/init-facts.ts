import { lstatSync, readdirSync, type Dirent } from 'node:fs';
import { basename, join } from 'node:path';
import { isCopilotError } from '../base/errors.ts';
import type { Check } from '../core/evidence.ts';
import { languageName } from '../engine/init/layout.ts';
import type { ProjectFacts } from '../engine/init/project-facts.ts';
import { openRepository, type Repository } from '../host/git/repository.ts';
import type { Env } from '../host/paths.ts';
import { readWorkFile } from '../host/review/project-file.ts';
import { listPaths } from '../host/review/repository-paths.ts';

/** Files a folder outside of git is looked at for. */
const mostWalked = 5000;
const mostSamples = 40;
const mostMessages = 200;
const maxBytes = 200_000;
const unwalked = /^(?:node_modules|vendor|dist|build|target|coverage|__pycache__|venv|\..*)$/;

const entriesOf = (folder: string): Dirent[] => {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // What may not be read is not known.
    return [];
  }
};

const walked = (root: string): string[] => {
  const paths: string[] = [];
  const open = [''];
  for (let folder = open.shift(); folder !== undefined && paths.length < mostWalked; folder = open.shift()) {
    for (const entry of entriesOf(join(root, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !unwalked.test(entry.name)) open.push(path);
      else if (entry.isFile()) paths.push(path);
    }
  }
  return paths;
};

const repositoryAt = async (env: Env, root: string): Promise<Repository | undefined> => {
  try {
    return await openRepository(root, env);
  } catch (error) {
    if (isCopilotError(error) && error.code === 'E_NO_REPOSITORY') return undefined;
    throw error;
  }
};

const facts =
  /^(?:package\.json|pyproject\.toml|Cargo\.toml|go\.mod|tsconfig\.json|\.gitignore|[^/]+\/(?:[^/]+\/)?package\.json)$/;

/** A spread of files of the main language, the same each time. */
const samplePaths = (paths: readonly string[]): string[] => {
  const counts = new Map<string, string[]>();
  for (const path of paths) {
    const name = languageName(path);
    if (name === undefined || name === 'Markdown' || name === 'HTML') continue;
    const found = counts.get(name);
    if (found) found.push(path);
    else counts.set(name, [path]);
  }
  const [main = []] = [...counts.values()].sort((a, b) => b.length - a.length);
  const step = Math.max(1, Math.floor(main.length / mostSamples));
  return main.filter((_, at) => at % step === 0).slice(0, mostSamples);
};

/** Looks at a folder: its files, manifests and history; nothing is changed and no program of the project runs. */
export const projectFacts = async (
  env: Env,
  root: string,
  checks: readonly Check[],
): Promise<{ facts: ProjectFacts; present: string[] }> => {
  const repository = await repositoryAt(env, root);
  const top = repository?.root === root ? repository : undefined;
  const listed = top ? (await listPaths(root, env, undefined)).map(({ path }) => path) : [];
  // Nothing is added yet, or it is no repository's top.
  const paths = (listed.length > 0 ? listed : walked(root)).sort();
  const read = (some: readonly string[]): Map<string, string> =>
    new Map(
      some.flatMap((path): [string, string][] => {
        const text = readWorkFile(root, path, maxBytes);
        return text === undefined ? [] : [[path, text]];
      }),
    );
  const log = top ? await top.log({ limit: mostMessages, noMerges: true }) : [];
  return {
    facts: {
      ...{ name: basename(root), paths, checks },
      texts: read([...new Set([...paths.filter((path) => facts.test(path)).slice(0, 200), '.gitignore'])]),
      samples: read(samplePaths(paths)),
      messages: log.map(({ subject, body }) => `${subject}\n\n${body}`),
    },
    present: readdirSync(root).filter(
      (name) => lstatSync(join(root, name), { throwIfNoEntry: false })?.isFile() === true,
    ),
  };
};
