import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('`npm run sbom` prints a CycloneDX bill of materials', { timeout: 60_000 }, () => {
  const output = execFileSync('npm', ['run', '--silent', 'sbom'], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  });
  const sbom = JSON.parse(output) as { bomFormat: string; specVersion: string; components: { name: string }[] };
  expect(sbom.bomFormat).toBe('CycloneDX');
  expect(sbom.specVersion).toMatch(/^1\.\d$/);
  expect(sbom.components.map((component) => component.name)).toContain('better-sqlite3');
});
