import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rulesFor } from '../../src/app/permissions.ts';
import { sandboxWish } from '../../src/app/sandbox-settings.ts';
import { loadSettings } from '../../src/app/settings.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'wish-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const env = { HOME: base, XDG_CONFIG_HOME: join(base, 'config') };
const file = join(base, 'config/llm-copilot/config.yaml');
mkdirSync(join(file, '..'), { recursive: true });

const hosts = async (configured: readonly string[], ...rules: string[]): Promise<string[]> => {
  writeFileSync(
    file,
    JSON.stringify({ permissions: { rules }, sandbox: { resources: { network: { allowedHosts: configured } } } }),
  );
  const config = await loadSettings(env, base);
  return [...sandboxWish(config, rulesFor(config), { roots: [base], home: base }).allowedHosts];
};

test('hosts that settings and allow rules name are open to commands', async () => {
  expect(await hosts(['a.example'], 'allow: net(*.b.example)')).toEqual(['a.example', '*.b.example']);
});

test.each([
  ['a.example', 'deny: net(a.example)'],
  ['a.example', 'deny: net(*)'],
  ['a.example:443', 'deny: net(a.example)'],
  ['x.a.example', 'deny: net(a.example)'],
  ['*.a.example', 'deny: net(a.example)'],
  ['*.a.example', 'deny: net(evil.a.example)'],
  ['*', 'deny: net(a.example)'],
])('%s is not open to commands under %s', async (host, rule) => {
  expect(await hosts([host], rule)).toEqual([]);
  expect(await hosts([], `allow: net(${host})`, rule)).toEqual([]);
});
