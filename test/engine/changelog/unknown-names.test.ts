import { describe, expect, it } from 'vitest';
import { unknownNames } from '../../../src/engine/changelog/unknown-names.ts';

describe('what a sentence names', () => {
  const evidence = 'feat(api): retry uploads with fetchAgain() in src/net/fetch.ts, --retries 3';
  it.each([
    ['Uploads are tried again by `fetchAgain`.', []],
    ['See src/net/fetch.ts and --retries.', []],
    ['It is done 3 times, e.g. for uploads.', []],
    ['Downloads work as well.', []],
    ['Calls `sendMoney` now.', ['sendMoney']],
    ['See src/net/other.ts.', ['src/net/other.ts']],
    ['Set --fast.', ['--fast']],
    ['It is done 7 times.', ['7']],
    ['The class FetchThing and max_retries are new.', ['FetchThing', 'max_retries']],
    ['Fixes #99.', ['#99']],
  ])('%s', (text, unknown) => {
    expect(unknownNames(text, evidence)).toEqual(unknown);
  });
});
