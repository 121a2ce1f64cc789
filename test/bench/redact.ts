import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scanner } from '../../src/base/redact/scanner.ts';
import { median, type Figure } from './measure.ts';

const wantedChars = 12_000_000;
const rounds = 9;

/** Sources and documents of installed packages, one after the other: every so many-th file, whatever package it is of. */
const realSources = (): string => {
  const paths = readdirSync('node_modules', { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(?:js|ts|json|md)$/.test(path))
    .sort();
  const step = Math.max(1, Math.floor(paths.length / 1200));
  const texts: string[] = [];
  let chars = 0;
  for (let index = 0; index < paths.length && chars < wantedChars; index += step) {
    const text = readFileSync(join('node_modules', paths[index] ?? ''), 'utf8');
    texts.push(text);
    chars += text.length;
  }
  return texts.join('\n').slice(0, wantedChars);
};

const speeds = (text: string, find: (text: string) => unknown): number[] => {
  find(text); // warm-up
  return Array.from({ length: rounds }, () => {
    const startedAt = performance.now();
    find(text);
    return text.length / 1000 / (performance.now() - startedAt);
  });
};

const figure = (name: string, taken: readonly number[]): Figure => ({
  name,
  value: median(taken),
  unit: 'MB/s',
  note: `${rounds} rounds, slowest ${Math.min(...taken).toFixed(0)}, fastest ${Math.max(...taken).toFixed(0)}`,
});

/** How fast secrets are looked for in real sources, with and without known values. One character is taken for a byte. */
export const redactFigures = (): Figure[] => {
  const text = realSources();
  const values = Array.from({ length: 20 }, (_, index) => `known-value-number-${index}`);
  return [
    { ...figure('scanner.find over real sources', speeds(text, scanner().find)), target: 50, kind: 'least' },
    figure('the same with 20 known values', speeds(text, scanner(values).find)),
  ];
};
