import { lstatSync, readdirSync, readFileSync, statSync, type Stats } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { messageOf, usageError } from '../base/errors.ts';
import { scanSecrets, type SecretFinding } from '../base/redact/scanner.ts';
import { runProgram } from '../host/programs.ts';
import { quietGit, quietGitArgs } from '../host/quiet-git.ts';

/** A secret in a file; the path is relative to where the scan began. */
export interface FileFinding extends SecretFinding {
  path: string;
}

/** What a scan found, and what it did not look at. */
export interface ScanReport {
  findings: FileFinding[];
  files: number;
  /** Binary files. */
  binary: number;
  /** Files that were left out, with the reason, one line each. */
  skipped: string[];
}

const maxFileBytes = 20 * 1024 * 1024;
const sniffBytes = 8192;

/** Files below a folder; `skip` hears of folders that cannot be read. */
const below = (folder: string, skip: (path: string, why: string) => void): string[] => {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === '.git' ? [] : below(path, skip);
      return entry.isFile() ? [path] : [];
    });
  } catch (error) {
    skip(folder, `cannot be read: ${messageOf(error)}`);
    return [];
  }
};

/** Files of a folder: those git tracks or would, elsewhere all. Repositories within it are listed as folders. */
const filesOf = async (folder: string, skip: (path: string, why: string) => void): Promise<string[]> => {
  try {
    const args = [...quietGitArgs, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    const listed = await runProgram('git', args, { cwd: folder, env: quietGit });
    return listed
      .split('\0')
      .filter((path) => path !== '')
      .map((path) => join(folder, path));
  } catch {
    return below(folder, skip);
  }
};

/** Looks for secrets in one text. */
export const scanText = (text: string): ScanReport => ({
  findings: scanSecrets(text).map((finding) => ({ path: '-', ...finding })),
  files: 1,
  binary: 0,
  skipped: [],
});

/** What a path on the command line leads to. @throws CopilotError exit 2 */
const named = (given: string, path: string): Stats => {
  if (given === '')
    throw usageError('A path is empty.', 'The folder one is in is "."; it is also what is taken without any.');
  let info: Stats;
  try {
    info = statSync(path);
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
    throw usageError(isGone ? `There is no ${given}.` : `${given} cannot be read: ${messageOf(error)}`);
  }
  if (info.isFile() || info.isDirectory()) return info;
  throw usageError(`${given} is neither a file nor a folder.`, 'What comes through a pipe: llm-copilot secrets scan -');
};

/** Looks for secrets in files and folders; links in folders are not followed. @throws CopilotError exit 2 for a path that is not there */
export const scanFiles = async (cwd: string, paths: readonly string[]): Promise<ScanReport> => {
  const report: ScanReport = { findings: [], files: 0, binary: 0, skipped: [] };
  const shownAs = (path: string): string => relative(cwd, path) || path;
  const skip = (path: string, why: string): void => {
    report.skipped.push(`${shownAs(path).replaceAll('\n', '\\n')} ${why}`);
  };
  const scanFile = (path: string, { size }: Stats): void => {
    if (size > maxFileBytes) {
      skip(path, 'is larger than 20 MB');
      return;
    }
    try {
      const bytes = readFileSync(path);
      if (bytes.subarray(0, sniffBytes).includes(0)) {
        report.binary += 1;
        return;
      }
      report.files += 1;
      for (const finding of scanSecrets(bytes.toString('utf8')))
        report.findings.push({ path: shownAs(path), ...finding });
    } catch (error) {
      skip(path, `cannot be read: ${messageOf(error)}`);
    }
  };
  const scanFolder = async (folder: string): Promise<void> => {
    for (const path of await filesOf(folder, skip)) {
      const info = lstatSync(path, { throwIfNoEntry: false });
      if (info?.isDirectory() && resolve(path) !== folder) await scanFolder(resolve(path));
      else if (info?.isFile()) scanFile(path, info);
      // What git tracks may be gone; a name that is not UTF-8 is not found by what was made of it.
      else if (!info && path.includes('\ufffd')) skip(path, 'has a name that is no text');
    }
  };
  for (const given of paths.length > 0 ? paths : ['.']) {
    const path = resolve(cwd, given);
    const info = named(given, path);
    if (info.isDirectory()) await scanFolder(path);
    else scanFile(path, info);
  }
  return report;
};
