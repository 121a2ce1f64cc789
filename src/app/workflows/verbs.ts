import type { WorkflowVerb } from '../../core/workflow-definition.ts';

const targets = { name: 'targets' } as const;
const neededTargets = { name: 'targets', required: true } as const;
const request = { name: 'request' } as const;
const neededRequest = { name: 'request', required: true } as const;

/**
 * What the command line must know of `templates/workflows` before one of them runs: the command tree is built without
 * reading a file. A test holds the two together.
 */
export const builtInVerbs: readonly WorkflowVerb[] = [
  {
    ...{ name: 'generate', summary: 'write new code, and tests where there are tests', alone: false },
    ...{ arguments: [{ name: 'targets', new: true }, neededRequest], flags: [] },
  },
  {
    ...{ name: 'refactor', summary: 'change the form of code and keep what it does', alone: false },
    arguments: [neededTargets, request],
    flags: [{ name: 'allow-test-changes', description: 'tests may change too (renamed names, moved files)' }],
  },
  {
    ...{ name: 'optimize', summary: 'make code faster, measured before and after', alone: false },
    arguments: [neededTargets, request],
    flags: [
      { name: 'measure', value: 'command', description: 'what is timed before and after (otherwise a bench script)' },
      { name: 'allow-test-changes', description: 'tests may change too' },
    ],
  },
  {
    ...{ name: 'debug', summary: 'reproduce a failure, find its cause, fix it', alone: true },
    arguments: [targets, request],
    flags: [
      { name: 'command', value: 'command', description: 'what fails (otherwise the checks)' },
      { name: 'allow-test-changes', description: 'the failing test may be what is wrong' },
    ],
  },
  {
    ...{ name: 'explain', summary: 'explain code, with the lines it stands on', alone: false },
    ...{ arguments: [targets, request], flags: [] },
  },
  {
    ...{ name: 'test', summary: 'write tests that fail when the code is broken', alone: false },
    ...{ arguments: [neededTargets, request], flags: [] },
  },
  {
    ...{ name: 'document', summary: 'write comments and documents; the code stays as it is', alone: false },
    ...{ arguments: [neededTargets, request], flags: [] },
  },
  {
    ...{ name: 'plan', summary: 'plan a change, without making it', alone: false },
    ...{ arguments: [targets, neededRequest], flags: [] },
  },
];
