/** A command that is not fit to be a check, and why. */
export const unfit = (command: string): string | undefined => {
  if (command.includes('no test specified')) return 'is what npm writes when there are no tests';
  if (/^\s*(?:(?:echo\b[^&|;]*|true|:|exit 0)\s*(?:&&|;)?\s*)*$/.test(command)) return 'checks nothing';
  if (watches(command)) return 'watches and does not end';
  if (/(?:^|\s)(?:--fix|--write|--apply(?:-unsafe)?|--autofix)(?=\s|$)/.test(command)) return 'rewrites files';
  return undefined;
};

/** Why a command that looks as if it watched runs once all the same. */
export const runsOnce = (command: string): string | undefined =>
  /\bvitest\b/.test(command) && !/\bvitest\b.*(?:\brun\b|--run\b|--watch=false|--no-watch)/.test(command)
    ? 'Vitest watches only at a terminal; without one, as checks run, it runs once'
    : undefined;

// `-w` means something else to npm and others, so it counts only with tools whose watch flag it is.
const watches = (command: string): boolean =>
  command
    .split(/&&|\|\||[;&|]/)
    .some(
      (part) =>
        /\s--watch(?:All)?(?:=true)?(?=\s|$)/.test(part) ||
        /\b(?:tsc|mocha|ava|jest|webpack|rollup|vitest|tsup|esbuild)\b.*\s-\w*w(?=\s|$)/.test(part) ||
        /\b(?:vitest|tsx|cargo|jest)\s+(?:watch|dev)\b/.test(part) ||
        /^\s*(?:npx\s+)?(?:nodemon|chokidar|watchexec)\b/.test(part) ||
        /\b(?:next|nuxt|astro)\s+dev\b|\bwebpack(?:-dev-server|\s+serve)\b|^\s*(?:npx\s+)?vite(?:\s+(?:dev|serve|--\S+)|\s*$)/.test(
          part,
        ) ||
        (/\bng\s+test\b/.test(part) && !/--watch=false|--no-watch/.test(part)) ||
        (/\bkarma\s+start\b/.test(part) && !part.includes('--single-run')),
    );
