import { execFile } from 'node:child_process';
import { findProgram } from '../find-program.ts';
import type { ProcessEnv } from './launcher.ts';

/** Programs and arguments bubblewrap is started with on this machine. */
export interface Bubblewrap {
  bwrap: string;
  nsenter: string;
  /** What holds for every command, mounts aside. */
  flags: readonly string[];
}

/** Whether bubblewrap works here; `why` not, and what to do about it. */
export type BubblewrapProbe = { available: true; found: Bubblewrap } | { available: false; why: string; hint: string };

const probeMs = 3_000;
const base = [
  ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
  ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
];

/** Undefined when it worked, else what it said. */
const attempt = (program: string, args: readonly string[]): Promise<string | undefined> =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: probeMs, killSignal: 'SIGKILL', cwd: '/' }, (error, _, complaint) => {
      if (error === null) resolve(undefined);
      else if (error.killed === true) resolve(`it did not answer within ${probeMs / 1000} s`);
      else {
        const [first = ''] = complaint.trim().split('\n');
        resolve(first === '' ? error.message : first);
      }
    });
  });

/** Starts the real thing once (about 5 ms, at most 6 s) and says what it is. */
export const probeBubblewrap = async (env: ProcessEnv = process.env): Promise<BubblewrapProbe> => {
  const no = (why: string, hint: string): BubblewrapProbe => ({ available: false, why, hint });
  if (process.platform !== 'linux') return no('bubblewrap runs on Linux only', 'Use docker or local.');
  const bwrap = findProgram('bwrap', env.PATH);
  if (bwrap === undefined) return no('bwrap is not installed', 'Install it: apt-get install bubblewrap.');
  const nsenter = findProgram('nsenter', env.PATH);
  if (nsenter === undefined) return no('nsenter is not installed', 'Install it: apt-get install util-linux.');
  const probe = (flags: readonly string[]): Promise<string | undefined> =>
    attempt(bwrap, [
      ...flags,
      '--unshare-net',
      '--ro-bind',
      '/',
      '/',
      '--dev',
      '/dev',
      '--proc',
      '/proc',
      '--',
      'true',
    ]);
  // Versions before 0.8 do not know it; nested namespaces then exist, but give no way round the mounts.
  const strict = [...base, '--disable-userns'];
  const complaint = await probe(strict);
  if (complaint === undefined) return { available: true, found: { bwrap, nsenter, flags: strict } };
  if (complaint.includes('--disable-userns') && (await probe(base)) === undefined)
    return { available: true, found: { bwrap, nsenter, flags: base } };
  const hint = /uid map|namespace|permi/i.test(complaint)
    ? 'The system forbids user namespaces (kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns, or a container around us).'
    : 'Run `bwrap --ro-bind / / --unshare-all true` to see it.';
  return no(`bwrap does not work here: ${complaint.replace(/^bwrap: /, '')}`, hint);
};
