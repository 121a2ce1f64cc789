import { describe, expect, it } from 'vitest';
import { hasBlock, hookBlock, shellOf, withBlock, withoutBlock } from '../../../src/engine/hooks/hook-block.ts';

const block = hookBlock('pre-commit', { script: '"$0"', startedWith: 'sh' });

describe('the lines in a hook', () => {
  it.each([
    ['#!/bin/sh\necho a\n'],
    ['#!/bin/sh\necho a'],
    ['echo a\n'],
    [''],
    ['#!/bin/sh\n# >>> other >>>\n# <<< other <<<\n'],
    ['#!/bin/sh\n\n\necho \u00ff\u0080\n'],
  ])('go in once and out again without a trace: %j', (text) => {
    const twice = withBlock(withBlock(text, block), block);
    expect(twice).toBe(withBlock(text, block));
    expect(hasBlock(twice)).toBe(true);
    expect(hasBlock(text)).toBe(false);
    expect(withoutBlock(twice)).toBe(text);
  });

  it('stand behind the first line only where it names a program', () => {
    expect(withBlock('#!/bin/sh\necho a\n', block)).toMatch(/^#!\/bin\/sh\n# >>> llm-copilot/);
    expect(withBlock('echo a\n', block)).toMatch(/^# >>> llm-copilot/);
  });

  it('of an older version are replaced, wherever they stand', () => {
    const old = `#!/bin/sh\necho a\n${block.replace('exec sh', 'exec old')}echo b\n`;
    expect(withBlock(old, block)).toBe(`#!/bin/sh\n${block}echo a\necho b\n`);
  });

  it('hold no path of a machine', () => {
    expect(block).not.toContain(process.execPath);
    expect(block).not.toContain(process.cwd());
  });
});

describe('how a hook is started', () => {
  it.each([
    ['#!/bin/sh\n', '/bin/sh'],
    ['#!/usr/bin/env bash\n', '/usr/bin/env bash'],
    ['#! /bin/bash -eu\n', '/bin/bash -eu'],
    ['#!/usr/local/bin/zsh', '/usr/local/bin/zsh'],
    ['echo a\n', 'sh'],
    ['#!/usr/bin/env python3\n', undefined],
    ['#!/usr/bin/env node\n', undefined],
    ['#!/usr/bin/fish\n', undefined],
    ['#!/bin/sh -c "rm"\n', undefined],
    ["#!/o'd/sh\n", undefined],
    ['\u007fELF\0\0', undefined],
  ])('%j: %s', (text, words) => {
    expect(shellOf(text)).toBe(words);
  });
});
