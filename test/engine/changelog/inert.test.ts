import { describe, expect, it } from 'vitest';
import { inert } from '../../../src/engine/changelog/inert.ts';

describe('somebody else’s text in a list', () => {
  it.each([
    ['pings nobody', 'thanks @octocat for this', 'thanks `@octocat` for this'],
    ['links no address', 'see https://evil.example/x.', 'see `https://evil.example/x`.'],
    ['links no bare host', 'see www.evil.example', 'see `www.evil.example`'],
    ['links no mail', 'by a@b.example', 'by `a@b.example`'],
    ['makes no link', '[click](javascript:alert)', '\\[click\\](javascript:alert)'],
    ['shows no image', '![x](//e.example/a.png)', '!\\[x\\](//e.example/a.png)'],
    ['is no HTML', '<img src=x onerror=y>', '\\<img src=x onerror=y>'],
    ['closes no comment of ours', '--> x', '\\--> x'],
    ['hides nothing in entities', '&lt;b&gt;', '\\&lt;b\\&gt;'],
    ['keeps an ampersand', 'a & b', 'a & b'],
    ['keeps code as code', 'use `a<b>` and `@types/node`', 'use `a<b>` and `@types/node`'],
    ['opens no code that goes on', 'a ` b', 'a \\` b'],
    ['begins no heading', '# big', '\\# big'],
    ['begins no list', '- item', '\\- item'],
    ['begins no numbered list', '1. item', '1\\. item'],
    ['begins no quote', '> said', '\\> said'],
    ['is not bold', '**x** and __y__', '\\*\\*x\\*\\* and \\_\\_y\\_\\_'],
    ['keeps names of code readable', 'fix snake_case_name', 'fix snake_case_name'],
    ['stays one line', 'a\r\nb\u2028c\td', 'a b c d'],
    ['moves no cursor', 'a\u001b[2Jb\u202ec', 'abc'],
    ['breaks no table', 'a | b', 'a \\| b'],
    ['puts an address with a tick into code that holds', 'see https://e.example/`x', 'see ``https://e.example/`x``'],
  ])('%s', (_what, text, expected) => {
    expect(inert(text)).toBe(expected);
  });
});
