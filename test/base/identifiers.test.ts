import { describe, expect, it } from 'vitest';
import { identifierWords, withIdentifierWords } from '../../src/base/identifiers.ts';

describe('identifiers', () => {
  it('are taken apart into lower-case words', () => {
    expect(identifierWords('parseHTTPRequest2')).toEqual(['parse', 'http', 'request', '2']);
    expect(identifierWords('snake_case-and.more')).toEqual(['snake', 'case', 'and', 'more']);
    expect(identifierWords('ÄrgerÜber')).toEqual(['ärger', 'über']);
    expect(identifierWords('__')).toEqual([]);
  });

  it('get their words beside them only where full-text search would not see them', () => {
    expect(withIdentifierWords('const parseArgs = old_name;')).toBe('const parseArgs parse args = old_name;');
    expect(withIdentifierWords('HTTPServer plain E_USAGE')).toBe('HTTPServer http server plain E_USAGE');
  });

  it('take time in proportion to a long text', () => {
    const started = performance.now();
    withIdentifierWords('aB'.repeat(500_000));
    withIdentifierWords('A'.repeat(1_000_000));
    withIdentifierWords('a'.repeat(1_000_000));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
