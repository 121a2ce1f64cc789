import type { Command } from 'commander';

const late = new WeakMap<Command, () => void>();

/** Options of a command that are made when somebody asks for it: most starts are about another one. */
export const addLate = (command: Command, add: () => void): Command => {
  late.set(command, add);
  return command;
};

/** The command with its late options. */
export const withLateOptions = (command: Command): Command => {
  late.get(command)?.();
  late.delete(command);
  return command;
};
