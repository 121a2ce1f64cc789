import { totalmem } from 'node:os';
import type { Limits } from './launcher.ts';

const defaultPids = 512;
/** Share of the machine's memory that commands may have when no limit is set. */
const defaultMemoryShare = 0.75;

/** Docker's arguments for the limits; processes (512) and memory (three quarters of the machine's) are always limited. */
export const limitArguments = (limits: Limits): string[] => {
  const memory = Math.floor(limits.memoryBytes ?? totalmem() * defaultMemoryShare);
  const { memoryThreshold: threshold, cpuPriority: priority = 0 } = limits;
  return [
    // Memory and swap together are as much as memory alone: no swap.
    ...['--memory', String(memory), '--memory-swap', String(memory)],
    ...(threshold === undefined ? [] : ['--memory-reservation', String(Math.floor(memory * threshold))]),
    ...['--pids-limit', String(limits.pids ?? defaultPids)],
    // In the kernel's table of weights a step of niceness is a factor of 1.25.
    ...(priority > 0 ? ['--cpu-shares', String(Math.max(2, Math.round(1024 / 1.25 ** priority)))] : []),
  ];
};
