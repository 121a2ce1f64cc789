import { isWithin } from '../base/within.ts';
import type { Origin } from '../core/message.ts';
import { describeEffect, type Effect } from '../core/policy.ts';
import type { Enforcement } from '../core/sandbox.ts';
import { isDependency } from '../core/walk.ts';
import { isSystem } from './modes.ts';
import type { PatternPlace } from './path-patterns.ts';

/** Text from outside that came into a task. */
export interface TaintSource {
  origin: Origin;
  source: string;
}

/** Whether text from outside is in a task: the run, what it started and what it goes on from. */
export interface Taint {
  readonly sources: readonly TaintSource[];
  is(): boolean;
  note(source: TaintSource): void;
  /** Once tainted, takes back what was open before; called before calls are decided, so that each needs its own yes. */
  hold(): void;
}

/** A task that has read nothing from outside yet. @param hold takes back hosts that commands may reach. */
export const taint = (hold: () => void = () => undefined): Taint => {
  const sources: TaintSource[] = [];
  return {
    sources,
    is: () => sources.length > 0,
    note: (source) => {
      if (!sources.some((one) => one.origin === source.origin && one.source === source.source)) sources.push(source);
    },
    hold: () => {
      if (sources.length > 0) hold();
    },
  };
};

/** What taint looks at. */
export interface TaintPlace extends PatternPlace {
  readable: readonly string[];
  enforces?: Enforcement;
  /** An existing path in or below a folder that fits. */
  findBelow?: (folder: string, fits: (path: string) => boolean) => string | undefined;
}

/** Files in a workspace that make programs run later, or tell agents what to do. */
const steering =
  /\/(?:\.github\/(?:workflows|actions)\/.+|\.github\/(?:copilot-instructions\.md|(?:instructions|prompts|agents|hooks)\/.+)|\.gitlab-ci\.ya?ml|\.circleci\/.+|\.buildkite\/.+|azure-pipelines\.ya?ml|Jenkinsfile|\.travis\.yml|\.drone\.ya?ml|\.husky\/.+|\.pre-commit-config\.yaml|\.?lefthook\.ya?ml|\.envrc|\.npmrc|\.yarnrc(?:\.yml)?|\.vscode\/(?:tasks|settings|launch|mcp)\.json|\.devcontainer(?:\/.+|\.json)|AGENTS(?:\.override)?\.md|CLAUDE(?:\.local)?\.md|\.claude\/.+|\.mcp\.json|GEMINI\.md|\.cursorrules|\.cursor\/.+|\.windsurfrules|\.clinerules(?:\/.+)?)$/i;

/** Folders that hold such files, and those above them: who puts one there whole puts in what nobody named. */
const steeringFolder =
  /\/(?:\.github(?:\/(?:workflows|actions|instructions|prompts|agents|hooks))?|\.circleci|\.buildkite|\.husky|\.vscode|\.devcontainer|\.cursor|\.clinerules|\.claude)$/i;

/** A write of a folder whole may bring any file that steers; one that deletes or changes modes brings none. */
const steers = (effect: Extract<Effect, { path: string }>, below: string): boolean =>
  steering.test(below) || steeringFolder.test(below) || (effect.recursive === true && effect.how === undefined);

/**
 * Why an effect needs a fresh yes in a tainted run, as the end of "it …"; undefined when it does not. What was allowed
 * before the text from outside came in, by a rule or a mode, does not count.
 */
export const needsFreshYes = (effect: Effect, place: TaintPlace): string | undefined => {
  switch (effect.kind) {
    case 'net':
      return effect.access === 'write' ? 'sends something away' : 'reaches out to the network';
    case 'secret':
      return 'uses a secret';
    case 'env':
      return 'reads the environment';
    case 'write': {
      const root = place.roots.find((folder) => isWithin(effect.path, folder));
      if (root === undefined) return 'writes outside the workspace';
      return steers(effect, effect.path.slice(root.length)) ? 'changes what programs or agents do later' : undefined;
    }
    case 'exec': {
      if (effect.reach === 'listed') return undefined;
      const held = place.enforces?.fs === true && place.enforces.net;
      return held ? undefined : 'runs a program that nothing keeps from the network and your files';
    }
    case 'read':
      return undefined;
  }
};

/** The question to ask instead of a silent yes. */
export const freshYes = (effect: Effect, because: string): string =>
  `This run has read text from outside, which may ask for what you do not want, and this ${because}: ${describeEffect(effect)}.`;

/** Commands that print what lies in folders: not git, which shows what it tracks. */
const readersOf = (effects: readonly Effect[]): string[][] =>
  effects.flatMap((effect) =>
    effect.kind === 'exec' && !/^git\s/.test(effect.command) ? [effect.command.split(/\s+/)] : [],
  );

/** True for a dependency that one of the commands comes upon, because nothing in it names the folder to leave it out. */
const isComeUpon = (path: string, readers: readonly string[][]): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return isDependency(path) && readers.some((words) => !words.includes(`--exclude-dir=${name}`));
};

/** Where what a call brings in comes from, when that is not the workspace: judged by its effects. */
export const foreignSource = (effects: readonly Effect[], place: TaintPlace): TaintSource | undefined => {
  const own = [...place.roots, ...place.readable];
  const readers = readersOf(effects);
  for (const effect of effects) {
    if (effect.kind === 'net') {
      const github = /(?:^|\.)github(?:usercontent)?\.com(?::\d+)?$/i.test(effect.host);
      return { origin: github ? 'github' : 'web', source: effect.host === '*' ? 'the network' : effect.host };
    }
    if (effect.kind !== 'read') continue;
    const inside = own.some((folder) => isWithin(effect.path, folder));
    if (isDependency(effect.path) || (!inside && !isSystem(effect.path)))
      return { origin: 'file', source: effect.path };
    if (!effect.recursive || readers.length === 0) continue;
    const below = place.findBelow?.(effect.path, (path) => isComeUpon(path, readers));
    if (below !== undefined) return { origin: 'file', source: below };
  }
  return undefined;
};
