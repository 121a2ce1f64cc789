import { describe, expect, it } from 'vitest';
import { isTag, pushedRefs } from '../../../src/engine/hooks/pushed-refs.ts';

const zero = '0'.repeat(40);
const one = '1'.repeat(40);
const two = '2'.repeat(40);

describe('what a push sends', () => {
  it('is read line by line; what is new on the remote has no commit there', () => {
    expect(pushedRefs(`refs/heads/a ${one} refs/heads/a ${two}\nrefs/heads/b ${one} refs/heads/b ${zero}\n`)).toEqual([
      { localRef: 'refs/heads/a', localId: one, remoteRef: 'refs/heads/a', remoteId: two },
      { localRef: 'refs/heads/b', localId: one, remoteRef: 'refs/heads/b' },
    ]);
  });

  it('leaves out what is deleted and lines that are none, and tells tags from branches', () => {
    const refs = pushedRefs(
      `(delete) ${zero} refs/heads/a ${two}\nrefs/tags/v1 ${one} refs/tags/v1 ${zero}\n\nodd words\n`,
    );
    expect(refs.map((ref) => [ref.remoteRef, isTag(ref)])).toEqual([['refs/tags/v1', true]]);
    expect(isTag({ localRef: 'refs/tags/v1', localId: one, remoteRef: 'refs/heads/v1' })).toBe(false);
  });

  it('knows the longer names of SHA-256 repositories', () => {
    const long = '0'.repeat(64);
    expect(pushedRefs(`HEAD ${'3'.repeat(64)} refs/heads/a ${long}\n`)[0]).not.toHaveProperty('remoteId');
  });
});
