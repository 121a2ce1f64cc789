import { describe, expect, it } from 'vitest';
import { webHomeOf, webLinks } from '../../../src/engine/changelog/remote.ts';

describe('the web address of a remote', () => {
  it.each([
    ['https://github.com/o/r.git', 'https://github.com/o/r'],
    ['https://user:s3cret@github.com/o/r', 'https://github.com/o/r'],
    ['https://ghp_token@github.com/o/r.git/', 'https://github.com/o/r'],
    ['git@github.com:o/r.git', 'https://github.com/o/r'],
    ['ssh://git@github.com:22/o/r.git', 'https://github.com/o/r'],
    ['ssh://git@ssh.github.com:443/o/r.git', 'https://github.com/o/r'],
    ['git://github.com/o/r', 'https://github.com/o/r'],
    ['git@gitlab.com:group/sub/r.git', 'https://gitlab.com/group/sub/r'],
    ['https://gitlab.example.com:8443/g/r.git', 'https://gitlab.example.com:8443/g/r'],
    ['git@bitbucket.org:team/r.git', 'https://bitbucket.org/team/r'],
    ['https://github.com/o/r.git?token=abc#x', 'https://github.com/o/r'],
  ])('%s', (remote, url) => {
    expect(webHomeOf(remote)?.url).toBe(url);
  });

  it.each([
    '/srv/git/r.git',
    '../r',
    'file:///srv/r.git',
    'https://example.com/o/r.git',
    'git@internal:o/r.git',
    'https://github.com/o/r)[x](y',
    'https://github.com/../r',
    'ext::sh -c touch% /tmp/x',
    '',
  ])('"%s" has none', (remote) => {
    expect(webHomeOf(remote)).toBeUndefined();
  });

  it('leads to the right pages of each site', () => {
    const of = (remote: string) => {
      const home = webHomeOf(remote);
      if (!home) throw new Error(`no home: ${remote}`);
      const links = webLinks(home);
      return [links.commit('abc'), links.issue('1'), links.pull('2'), links.compare('v1', 'tool@2')];
    };
    expect(of('git@github.com:o/r')).toEqual([
      'https://github.com/o/r/commit/abc',
      'https://github.com/o/r/issues/1',
      'https://github.com/o/r/pull/2',
      'https://github.com/o/r/compare/v1...tool%402',
    ]);
    expect(of('git@gitlab.com:o/r')).toEqual([
      'https://gitlab.com/o/r/-/commit/abc',
      'https://gitlab.com/o/r/-/issues/1',
      'https://gitlab.com/o/r/-/merge_requests/2',
      'https://gitlab.com/o/r/-/compare/v1...tool%402',
    ]);
    expect(of('git@bitbucket.org:o/r')).toEqual([
      'https://bitbucket.org/o/r/commits/abc',
      'https://bitbucket.org/o/r/issues/1',
      'https://bitbucket.org/o/r/pull-requests/2',
      'https://bitbucket.org/o/r/branches/compare/tool%402..v1',
    ]);
  });
});
