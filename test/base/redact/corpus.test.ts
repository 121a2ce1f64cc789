import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { redactor } from '../../../src/base/redact/redactor.ts';
import { scanner, scanSecrets } from '../../../src/base/redact/scanner.ts';
import { ordinaryTexts, secretSamples, type SecretSample } from '../../corpus/secrets.ts';

const { find } = scanner();

const missed = ({ text, secrets }: SecretSample): string[] => {
  const found = find(text);
  return secrets.filter((piece) => {
    const at = text.indexOf(piece);
    return at < 0 || !found.some(({ start, end }) => start <= at && end >= at + piece.length);
  });
};

describe('the corpus of secrets', () => {
  test('at least 95 of 100 secrets are covered wholly', () => {
    const misses = secretSamples.filter((sample) => missed(sample).length > 0);
    const recall = 1 - misses.length / secretSamples.length;
    expect(secretSamples.length).toBeGreaterThanOrEqual(250);
    expect(new Set(secretSamples.map(({ id }) => id)).size).toBe(secretSamples.length);
    expect(
      recall,
      `recall ${recall.toFixed(3)}; missed:\n${misses.map(({ id, text }) => `${id}: ${JSON.stringify(text)}`).join('\n')}`,
    ).toBeGreaterThanOrEqual(0.95);
  });

  test('what was redacted is not found again, with either label', () => {
    const labels = [undefined, (rule: string): string => `[redacted:${rule}:1a2b3c4d]`];
    for (const label of labels) {
      const redact = redactor([], label);
      const again = secretSamples
        .map(({ id, text }) => ({ id, once: redact(text) }))
        .filter(({ once }) => redact(once) !== once);
      expect(again).toEqual([]);
    }
  });

  test('a finding says where it is and never enough to be used', () => {
    for (const { text, secrets } of secretSamples)
      for (const { redacted, length, line, column } of scanSecrets(text)) {
        expect(redacted).toMatch(/^.{0,14}…\(\d+\)$/);
        expect(redacted).toContain(`(${length})`);
        expect(secrets.some((secret) => secret.length > 12 && redacted.includes(secret.slice(4, 16)))).toBe(false);
        expect(text.split('\n')[line - 1]?.length ?? -1).toBeGreaterThanOrEqual(column - 1);
      }
  });

  test.each(ordinaryTexts.map((text) => [text.slice(0, 70), text]))('nothing is found in %j', (_shown, text) => {
    expect(find(text).map(({ start, end }) => text.slice(start, end))).toEqual([]);
  });
});

describe('ordinary sources', () => {
  test('of 20,000 lines and more of installed packages at most one in a thousand is flagged', () => {
    let lines = 0;
    const flagged: string[] = [];
    for (const name of [
      'typescript',
      'vitest',
      'zod',
      'yaml',
      'eslint',
      'vite',
      'prettier',
      'fast-check',
      'openai',
      'postcss',
    ]) {
      let taken = 0;
      const folder = join('node_modules', name);
      for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
        if (taken > 4000 || !/\.(?:js|ts|json|md)$/.test(path)) continue;
        const text = readFileSync(join(folder, path), 'utf8');
        if (text.length > 300_000) continue;
        const count = text.split('\n').length;
        taken += count;
        lines += count;
        const found = scanSecrets(text);
        for (const line of new Set(found.map((one) => one.line))) flagged.push(`${name}/${path}:${line}`);
      }
    }
    expect(lines).toBeGreaterThanOrEqual(20_000);
    expect(flagged.length / lines, flagged.join('\n')).toBeLessThanOrEqual(0.001);
  });
});
