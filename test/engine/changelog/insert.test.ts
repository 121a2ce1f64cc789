import { describe, expect, it } from 'vitest';
import { insertSection, looksOf } from '../../../src/engine/changelog/insert.ts';

const section = (version: string | undefined, body = '### Fixed\n\n- x (abc)') => ({
  version,
  heading: version === undefined ? '## Unreleased' : `## ${version} (2026-11-28)`,
  body,
});
const old = '# Changelog\n\nIntro.\n\n## [1.0.0] - 2020-01-01\n\n- first\n\n[1.0.0]: https://x.example\n';

describe('a section of a changelog', () => {
  it('stands above the newest version, and all other bytes stay', () => {
    const { text, did } = insertSection(old, section('1.1.0'));
    expect(did).toBe('added');
    const at = old.indexOf('## [1.0.0]');
    expect(text.startsWith(old.slice(0, at))).toBe(true);
    expect(text.endsWith(old.slice(at))).toBe(true);
    expect(text).toContain('## 1.1.0 (2026-11-28)\n');
  });

  it('changes nothing when it is put in again', () => {
    const once = insertSection(old, section('1.1.0')).text;
    expect(insertSection(once, section('1.1.0'))).toMatchObject({ text: once, did: 'unchanged' });
    expect(insertSection(once, section('v1.1.0'))).toMatchObject({ did: 'replaced' });
  });

  it('is replaced when this program wrote it', () => {
    const once = insertSection(old, section('1.1.0')).text;
    const again = insertSection(once, section('1.1.0', '### Fixed\n\n- y (def)'));
    expect(again.did).toBe('replaced');
    expect(again.text).toContain('- y (def)');
    expect(again.text).not.toContain('- x (abc)');
    expect(again.text.endsWith(old.slice(old.indexOf('## [1.0.0]')))).toBe(true);
  });

  it.each([
    ['people wrote', old, '1.0.0', 'did not write'],
    [
      'people worked on',
      insertSection(old, section('1.1.0')).text.replace('- x', '- a better x'),
      '1.1.0',
      'was changed',
    ],
  ])('that %s is refused', (_what, text, version, message) => {
    expect(() => insertSection(text, section(version))).toThrow(message);
  });

  it('of what is unreleased goes into the release when this program wrote it, and stays when people did', () => {
    const made = insertSection(old, section(undefined)).text;
    const released = insertSection(made, section('1.1.0'));
    expect(released.tookUnreleased).toBe(true);
    expect(released.text).not.toContain('Unreleased');
    const own = old.replace('## [1.0.0]', '## [Unreleased]\n\n- mine\n\n## [1.0.0]');
    const beside = insertSection(own, section('1.1.0'));
    expect(beside.tookUnreleased).toBe(false);
    expect(beside.text.indexOf('- mine')).toBeLessThan(beside.text.indexOf('## 1.1.0'));
    expect(beside.text.indexOf('## 1.1.0')).toBeLessThan(beside.text.indexOf('## [1.0.0]'));
  });

  it('has the line ends of its file', () => {
    const windows = old.replace(/\n/g, '\r\n');
    const once = insertSection(windows, section('1.1.0')).text;
    expect(once.replace(/\r\n/g, '')).not.toContain('\n');
    expect(insertSection(once, section('1.1.0')).did).toBe('unchanged');
  });

  it('fits behind a file that ends without a line end', () => {
    const once = insertSection('# Changelog', section('1.1.0')).text;
    expect(once.startsWith('# Changelog\n\n## 1.1.0')).toBe(true);
    expect(insertSection(once, section('1.1.0')).did).toBe('unchanged');
    const later = insertSection(once, section('1.2.0')).text;
    expect(later.indexOf('## 1.2.0')).toBeLessThan(later.indexOf('## 1.1.0'));
  });

  it('begins a changelog where there is none', () => {
    expect(insertSection(undefined, section('1.1.0')).text).toMatch(/^# Changelog\n\n## 1\.1\.0/);
  });

  it('does not take an example in code for a version', () => {
    const text = `# Changelog\n\n\`\`\`md\n## 9.9.9\n\`\`\`\n\n## 1.0.0\n\n- a\n`;
    const { text: after } = insertSection(text, section('1.1.0'));
    expect(after.indexOf('## 9.9.9')).toBeLessThan(after.indexOf('## 1.1.0'));
  });

  it('looks like those before it', () => {
    expect(looksOf('## 1.0.0\n\n### Bug Fixes\n\n* a\n')).toEqual({ style: 'conventional', bullet: '*' });
    expect(looksOf('## 1.0.0\n\n### Fixed\n\n- a\n')).toEqual({ style: 'keep', bullet: '-' });
    expect(looksOf('# Changelog\n')).toEqual({});
  });

  it('of one part of a repository stays when another part has the same version', () => {
    const first = insertSection(undefined, section('tool-a-v1.2.0')).text;
    const both = insertSection(first, section('tool-b-v1.2.0', '### Fixed\n\n- y (def)'));
    expect(both.did).toBe('added');
    expect(both.text).toContain('- x (abc)');
    expect(both.text).toContain('- y (def)');
    expect(insertSection(both.text, section('tool-b-v1.2.0', '### Fixed\n\n- z (012)'))).toMatchObject({
      did: 'replaced',
      text: expect.stringContaining('- x (abc)'),
    });
  });
});
