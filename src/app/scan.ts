import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { messageOf, usageError } from '../base/errors.ts';
import { scanSecrets, type SecretFinding } from '../base/redact/scanner.ts';
import { runProgram } from '../host/programs.ts';

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

const below = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === '.git' ? [] : below(path);
    return entry.isFile() ? [path] : [];
  });

/** Files of a folder: those git tracks or would, elsewhere all. */
const filesOf = async (folder: string): Promise<string[]> => {
  try {
    const listed = await runProgram('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: folder,
    });
    return listed
      .split('\0')
      .filter((path) => path !== '')
      .map((path) => join(folder, path));
  } catch {
    return below(folder);
  }
};

/** Looks for secrets in one text. */
export const scanText = (text: string): ScanReport => ({
  findings: scanSecrets(text).map((finding) => ({ path: '-', ...finding })),
  files: 1,
  binary: 0,
  skipped: [],
});

/** Looks for secrets in files and folders. @throws CopilotError exit 2 for a path that is not there */
export const scanFiles = async (cwd: string, paths: readonly string[]): Promise<ScanReport> => {
  const report: ScanReport = { findings: [], files: 0, binary: 0, skipped: [] };
  for (const given of paths.length > 0 ? paths : ['.']) {
    const path = resolve(cwd, given);
    const info = statSync(path, { throwIfNoEntry: false });
    if (!info) throw usageError(`There is no ${given}.`);
    for (const file of info.isDirectory() ? await filesOf(path) : [path]) {
      const shown = relative(cwd, file) || file;
      const size = statSync(file, { throwIfNoEntry: false });
      if (!size?.isFile()) continue;
      if (size.size > maxFileBytes) {
        report.skipped.push(`${shown} is larger than 20 MB`);
        continue;
      }
      try {
        const bytes = readFileSync(file);
        if (bytes.subarray(0, sniffBytes).includes(0)) {
          report.binary += 1;
          continue;
        }
        report.files += 1;
        for (const finding of scanSecrets(bytes.toString('utf8'))) report.findings.push({ path: shown, ...finding });
      } catch (error) {
        report.skipped.push(`${shown} cannot be read: ${messageOf(error)}`);
      }
    }
  }
  return report;
};
