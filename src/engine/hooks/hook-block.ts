import type { HookName } from './hook-names.ts';

const begin = '# >>> llm-copilot >>>';
const end = '# <<< llm-copilot <<<';
const whole = new RegExp(`^${begin}\\n[^]*?^${end}\\n?`, 'm');

/** What runs before ours: a path as the shell is to expand it, and the words it is started with; empty where it starts by itself. */
export interface Before {
  script: string;
  startedWith: string;
}

/**
 * The lines of a hook that hand over to llm-copilot, for every POSIX shell. They hold no path of this machine, because
 * the file may be one that is committed; where llm-copilot is not installed they do nothing.
 */
export const hookBlock = (hook: HookName, before?: Before): string =>
  `${begin}
# ${before ? 'What was here before runs first, whole; then llm-copilot.' : 'Runs llm-copilot.'} To take it out: llm-copilot hooks uninstall
if [ "\${LLM_COPILOT_HOOK_WITHIN-}" != "$PWD $0" ]; then
  llm_copilot=$(git rev-parse --git-common-dir 2>/dev/null) || llm_copilot=/dev/null
  llm_copilot=$llm_copilot/llm-copilot/hook
  if [ -f "$llm_copilot" ]; then
    LLM_COPILOT_HOOK_WITHIN="$PWD $0"
    export LLM_COPILOT_HOOK_WITHIN
    exec sh "$llm_copilot" ${hook} ${before ? before.script : "''"} '${before?.startedWith ?? ''}' "$@"
  fi
fi
${end}
`;

/** True when a hook's text hands over to llm-copilot. */
export const hasBlock = (text: string): boolean => whole.test(text);

/** The text without these lines. */
export const withoutBlock = (text: string): string => text.replace(whole, '');

/** The text with the block as its first lines behind `#!`; one that is there is replaced. */
export const withBlock = (text: string, block: string): string => {
  const plain = withoutBlock(text);
  const [first = ''] = plain.split('\n', 1);
  if (!first.startsWith('#!')) return block + plain;
  return `${first}\n${block}${plain.slice(first.length + 1)}`;
};

const shell = /^#!\s*((?:\S*\/env\s+)?(?:\S*\/)?(?:sh|bash|dash|ash|ksh|zsh)(?:\s+-[A-Za-z]+)?)\s*$/;

/**
 * With which words a script of a POSIX shell is started; undefined for any other program. What names no program is run
 * by `sh` (git does it so, as execvp(3) does).
 */
export const shellOf = (text: string): string | undefined => {
  if (text.includes('\0')) return undefined;
  const [first = ''] = text.split('\n', 1);
  if (!first.startsWith('#!')) return 'sh';
  const words = shell.exec(first)?.[1];
  return words !== undefined && /^[\w/.+ -]+$/.test(words) ? words : undefined;
};
