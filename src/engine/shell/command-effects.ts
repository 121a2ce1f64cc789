import type { ParseShell, ShellPlace } from '../../core/shell.ts';
import type { Effect } from '../../core/policy.ts';
import { isForkBomb } from './fork-bomb.ts';
import { interpret } from './interpret.ts';
import { scene as newScene } from './scene.ts';
import { firstState } from './state.ts';

/**
 * What a bash command line would do: one exec effect per simple command in it, and the files, hosts and variables they
 * touch. Fails closed: what cannot be told is an opaque exec effect.
 */
export const commandEffects = (command: string, place: ShellPlace, parse: ParseShell): Effect[] => {
  const scene = newScene(place);
  let fault: string | undefined;
  interpret(command, scene, parse, firstState(place.cwd), (why) => {
    fault ??= why;
  });
  const bomb = isForkBomb(command);
  if (fault === undefined && !bomb) return scene.effects();
  const why = fault ?? 'a function in it starts itself over and over';
  return [
    { kind: 'exec', command, reach: 'opaque', why, ...(bomb ? { danger: 'is a fork bomb' } : {}) },
    ...scene.effects(),
  ];
};
