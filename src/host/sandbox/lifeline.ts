import { existsSync } from 'node:fs';

/**
 * bubblewrap binds the inside to the outside only when the inside is set up (`handle_die_with_parent` in `do_init` of
 * bubblewrap.c, read 2026-11-28): killed before that, it leaves the command running. So for its first two seconds a
 * process in there waits for the end of file descriptor 3, which we hold, and then ends all others.
 */
const watch = '( { read -t 2 <&3; (($? > 128)) || kill -9 -1; } >/dev/null 2>&1 & ); exec 3<&-; exec "$@"';

/** The program, started so that it does not outlive us; needs `Launch.lifeline`. As it is where there is no bash. */
export const onLifeline = (argv: readonly string[]): readonly string[] =>
  existsSync('/bin/bash') ? ['/bin/bash', '-c', watch, 'sh', ...argv] : argv;
