import { existsSync } from 'node:fs';
import type { Limits } from './launcher.ts';

/**
 * Puts limits on a program by the shell's `ulimit` and `nice`; the shell becomes the program, so no process is added.
 * Every process gets the limits for itself: a command that starts many can use many times as much. Memory is what
 * a process can write to, not what it reserves: limits on addresses break JavaScript and Java.
 * @param pids also limits processes; only where the user's other processes do not count.
 */
export const limited = (argv: readonly string[], limits: Limits, pids = false): readonly string[] => {
  const steps: string[] = [];
  // A lower limit that holds already refuses to be raised; then that one stays.
  const set = (flags: string, value: number): void => {
    steps.push(`${flags.replace(/-\w/g, (flag) => `ulimit ${flag} ${value} 2>/dev/null`)} || :`);
  };
  if (limits.cpuSeconds !== undefined) set('-t', Math.max(1, Math.ceil(limits.cpuSeconds)));
  if (limits.memoryBytes !== undefined) set('-d', Math.max(1, Math.floor(limits.memoryBytes / 1024)));
  // bash says -u, dash -p.
  if (pids && limits.pids !== undefined) set('-u || -p', Math.max(1, Math.floor(limits.pids)));
  const nice = Math.floor(limits.cpuPriority ?? 0);
  if (nice > 0) steps.push(`exec nice -n ${nice} "$@"`);
  if (steps.length === 0) return argv;
  if (nice <= 0) steps.push('exec "$@"');
  return [existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh', '-c', steps.join('; '), 'sh', ...argv];
};
