import { describe, expect, it } from 'vitest';
import { compareVersions, nextVersion, versionOf, versionTagOf } from '../../../src/engine/changelog/version.ts';

const none = { breaking: 0, features: 0, fixes: 0 };

describe('the next version', () => {
  it.each([
    [undefined, { ...none, features: 3 }, '0.1.0'],
    ['1.4.2', { ...none, breaking: 1, features: 4 }, '2.0.0'],
    ['1.4.2', { ...none, features: 1, fixes: 9 }, '1.5.0'],
    ['1.4.2', { ...none, fixes: 1 }, '1.4.3'],
    ['1.4.2', none, '1.4.3'],
    ['0.4.2', { ...none, breaking: 1 }, '0.5.0'],
    ['0.4.2', { ...none, features: 1 }, '0.5.0'],
    ['0.4.2', { ...none, fixes: 1 }, '0.4.3'],
    ['2.0.0-rc.1', { ...none, breaking: 2 }, '2.0.0'],
    ['1.5.0-rc.1', { ...none, features: 1 }, '1.5.0'],
    ['1.5.0-rc.1', { ...none, breaking: 1 }, '2.0.0'],
    ['1.5.1-rc.1', { ...none, features: 1 }, '1.6.0'],
    ['1.5.1-rc.1', { ...none, fixes: 1 }, '1.5.1'],
  ])('after %s with %j is %s', (current, changes, expected) => {
    expect(nextVersion(current === undefined ? undefined : versionOf(current), changes).version).toBe(expected);
  });
});

describe('tags', () => {
  it.each([
    ['v1.2.3', 'v', ''],
    ['1.2.3', '', ''],
    ['tool-v1.2.3', 'tool-v', 'tool'],
    ['@scope/tool@1.2.3', '@scope/tool@', '@scope/tool'],
    ['release/1.2.3', 'release/', 'release'],
    ['v1.2.3-rc.1+build.5', 'v', ''],
  ])('%s names a version', (name, prefix, component) => {
    expect(versionTagOf(name)).toMatchObject({ prefix, component });
  });
  it.each(['nightly', 'v1', '1.2', '1.2.3.4', 'v1.2.3 final', ''])('"%s" names none', (name) => {
    expect(versionTagOf(name)).toBeUndefined();
  });
  it('come in the order of Semantic Versioning', () => {
    const order = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1',
      '1.10.0',
    ];
    const read = order.map((text) => versionOf(text)).flatMap((one) => one ?? []);
    expect(read).toHaveLength(order.length);
    const shuffled = [...read].reverse().sort(compareVersions);
    expect(shuffled).toEqual(read);
  });
});
