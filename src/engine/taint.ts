import { isWithin } from '../base/within.ts';
import type { Origin } from '../core/message.ts';
import { describeEffect, type Effect } from '../core/policy.ts';
import type { Enforcement } from '../core/sandbox.ts';
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
}

/** A task that has read nothing from outside yet. */
export const taint = (): Taint => {
  const sources: TaintSource[] = [];
  return {
    sources,
    is: () => sources.length > 0,
    note: (source) => {
      if (!sources.some((one) => one.origin === source.origin && one.source === source.source)) sources.push(source);
    },
  };
};

/** What taint looks at. */
export interface TaintPlace extends PatternPlace {
  readable: readonly string[];
  enforces?: Enforcement;
}

/** Code and texts of others that package managers put into a workspace. */
const dependencies =
  /\/(?:node_modules|bower_components|\.venv|venv|site-packages|vendor\/bundle|\.cargo\/registry)(?:\/|$)/;

/** Files in a workspace that make programs run later, or tell agents what to do. */
const steering =
  /\/(?:\.github\/(?:workflows|actions)\/.+|\.github\/copilot-instructions\.md|\.gitlab-ci\.ya?ml|\.circleci\/.+|\.buildkite\/.+|azure-pipelines\.ya?ml|Jenkinsfile|\.travis\.yml|\.drone\.ya?ml|\.husky\/.+|\.pre-commit-config\.yaml|lefthook\.ya?ml|\.envrc|\.npmrc|\.yarnrc(?:\.yml)?|\.vscode\/(?:tasks|settings|launch)\.json|\.devcontainer(?:\/.+|\.json)|AGENTS\.md|CLAUDE\.md|GEMINI\.md|\.cursorrules|\.cursor\/.+|\.windsurfrules|\.clinerules(?:\/.+)?)$/i;

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
      return steering.test(effect.path.slice(root.length)) ? 'changes what programs or agents do later' : undefined;
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

/** Where what a call brings in comes from, when that is not the workspace: judged by its effects. */
export const foreignSource = (effects: readonly Effect[], place: TaintPlace): TaintSource | undefined => {
  const own = [...place.roots, ...place.readable];
  for (const effect of effects) {
    if (effect.kind === 'net') {
      const github = /(?:^|\.)github(?:usercontent)?\.com(?::\d+)?$/i.test(effect.host);
      return { origin: github ? 'github' : 'web', source: effect.host === '*' ? 'the network' : effect.host };
    }
    if (effect.kind !== 'read') continue;
    const inside = own.some((folder) => isWithin(effect.path, folder));
    if (inside ? dependencies.test(effect.path) : !isSystem(effect.path))
      return { origin: 'file', source: effect.path };
  }
  return undefined;
};
