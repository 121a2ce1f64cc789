import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What one finished process took. */
export interface Sample {
  /** `performance.now()` of this process when the child was spawned. */
  startedAt: number;
  wallMs: number;
  cpuMs: number;
  peakRssMb: number;
}

const folder = mkdtempSync(join(tmpdir(), 'llm-copilot-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const hook = join(folder, 'usage.cjs');
const report = join(folder, 'usage.json');
writeFileSync(
  hook,
  'process.on("exit",()=>require("node:fs").writeFileSync(process.env.BENCH_REPORT,JSON.stringify(process.resourceUsage())));',
);

/** Runs `node <args>` once; a child that fails is an error. */
export const runNode = (
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Sample> =>
  new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, ['--require', hook, ...args], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env, BENCH_REPORT: report },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      const wallMs = performance.now() - startedAt;
      if (code !== 0) {
        reject(new Error(`${args.join(' ')} exited ${String(code)}: ${stderr}`));
        return;
      }
      const usage = JSON.parse(readFileSync(report, 'utf8')) as NodeJS.ResourceUsage;
      resolve({
        startedAt,
        wallMs,
        cpuMs: (usage.userCPUTime + usage.systemCPUTime) / 1000,
        peakRssMb: usage.maxRSS / 1024,
      });
    });
  });

/** The middle of a list of numbers. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 ? middle : middle - 1], sorted[middle]];
  return (low + high) / 2;
};

/** How far apart the middle half of a list lies, as a share of its median: the machine's noise. */
export const noise = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
  return (at(0.75) - at(0.25)) / median(values);
};

/** A figure against its target. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  target?: number;
  /** `most`: at most the target; `least`: at least. */
  kind?: 'most' | 'least';
  note?: string;
}

/** False when a figure misses its target. */
export const isMet = ({ value, target, kind }: Figure): boolean =>
  target === undefined || (kind === 'least' ? value >= target : value <= target);

/** Prints figures as a table. */
export const printFigures = (figures: readonly Figure[]): void => {
  for (const figure of figures) {
    const { name, value, unit, target, kind, note } = figure;
    const ok = target === undefined ? '' : isMet(figure) ? 'ok  ' : 'MISS';
    const goal = target === undefined ? '' : `${kind === 'least' ? '≥' : '≤'} ${target}`;
    console.log(
      `${ok.padEnd(5)}${name.padEnd(62)}${value.toFixed(value < 100 ? 2 : 0).padStart(9)} ${unit.padEnd(8)}${goal.padEnd(10)}${note ?? ''}`,
    );
  }
};
