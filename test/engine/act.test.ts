import { afterEach, describe, expect, it } from 'vitest';
import { snapshotError } from '../../src/host/shadow-git.ts';
import { ToolError } from '../../src/core/tool.ts';
import type { Effect, Policy } from '../../src/core/policy.ts';
import type { Sandbox } from '../../src/core/sandbox.ts';
import { drain } from '../../src/base/streams.ts';
import { act, type ActContext, type CallResult } from '../../src/engine/act.ts';
import type { Event, Transient } from '../../src/core/event.ts';
import { harness, says, testTool, type Harness } from '../support/run-harness.ts';

const allowing = (decided: (effects: readonly Effect[]) => Effect[], more: object = {}): Policy => ({
  hidden: [],
  foreign: () => undefined,
  decide: ({ effects }) => ({ verdict: 'allow', by: 'mode', why: 'test', effects: decided(effects), ...more }),
});

let bench: Harness | undefined;
afterEach(() => bench?.close());

interface Acted {
  events: (Event | Transient)[];
  results: CallResult[];
  error: unknown;
  /** Paths of each snapshot; null for all. */
  snapshots: (readonly string[] | null)[];
  hosts: string[];
}

/** Acts on one call of a tool `t`. */
const acting = async (options: {
  effects: Effect[];
  decided?: Effect[];
  policy?: Policy;
  run?: () => Promise<unknown>;
  snapshot?: (count: number) => Promise<string>;
  signal?: AbortSignal;
}): Promise<Acted> => {
  const tool = testTool(
    't',
    async () => {
      await options.run?.();
      return says('fine');
    },
    () => options.effects,
  );
  bench = harness({ tools: [tool] });
  const done: Acted = { events: [], results: [], error: undefined, snapshots: [], hosts: [] };
  const sandbox: Sandbox = {
    ...bench.context.sandbox,
    resolve: (path) => Promise.resolve(path),
    snapshot: (paths) => {
      done.snapshots.push(paths ?? null);
      return options.snapshot?.(done.snapshots.length) ?? Promise.resolve(`state-${done.snapshots.length}`);
    },
    allowHosts: (hosts) => done.hosts.push(...hosts),
  };
  const context: ActContext = {
    ...bench.context,
    sandbox,
    policy: options.policy ?? allowing((effects) => options.decided ?? [...effects]),
    run: 'r',
    ...(options.signal ? { signal: options.signal } : {}),
    delegate: () => {
      throw new Error('nobody delegates here');
    },
  };
  const calls = [{ type: 'tool_call' as const, callId: 'c', name: 't', input: {} }];
  try {
    done.results = await drain(act(calls, context), (event) => done.events.push(event));
  } catch (error) {
    done.error = error;
  }
  return done;
};

const exec = (reach: 'listed' | 'program' | 'opaque'): Effect => ({ kind: 'exec', command: 'x', reach });
const types = ({ events }: Acted): string[] =>
  events.map((event) => (event.type === 'snapshot.taken' ? `snapshot ${event.when}` : event.type));
const around = ['tool.decided', 'snapshot before', 'snapshot after', 'tool.finished'];

describe('recording for undo', () => {
  it('records the workspace before and after a command nobody knows', async () => {
    const acted = await acting({ effects: [{ kind: 'exec', command: 'x' }], decided: [exec('opaque')] });
    expect(types(acted)).toEqual(around);
    expect(acted.snapshots).toEqual([null, null]);
    expect(acted.events[1]).toEqual({
      type: 'snapshot.taken',
      run: 'r',
      callId: 'c',
      when: 'before',
      snapshot: 'state-1',
    });
  });

  it('records nothing for a command proven to read only, which then counts as read-only', async () => {
    const acted = await acting({
      effects: [{ kind: 'exec', command: 'cat a' }],
      decided: [exec('listed'), { kind: 'read', path: '/w/a' }],
    });
    expect(types(acted)).toEqual(['tool.decided', 'tool.finished']);
    expect(acted.results[0]?.readOnly).toBe(true);
  });

  it('records only the paths when all writes are known', async () => {
    const acted = await acting({
      effects: [{ kind: 'exec', command: 'x' }],
      decided: [exec('listed'), { kind: 'write', path: '/w/a' }, { kind: 'write', path: '/w/b', how: 'delete' }],
    });
    expect(acted.snapshots).toEqual([
      ['/w/a', '/w/b'],
      ['/w/a', '/w/b'],
    ]);
    expect(acted.events[1]).toMatchObject({ paths: ['/w/a', '/w/b'] });
    expect(acted.results[0]?.readOnly).toBe(false);
  });

  it('records everything when a write reaches below its path, or a program may write too', async () => {
    const recursive = await acting({ effects: [{ kind: 'write', path: '/w/a', recursive: true }] });
    expect(recursive.snapshots).toEqual([null, null]);
    await bench?.close();
    const program = await acting({ effects: [{ kind: 'write', path: '/w/a' }, exec('program')] });
    expect(program.snapshots).toEqual([null, null]);
  });

  it('does not run the call when the state before it cannot be recorded', async () => {
    let ran = false;
    const acted = await acting({
      effects: [{ kind: 'write', path: '/w/a' }],
      run: async () => (ran = true),
      snapshot: () => Promise.reject(snapshotError('the disk is full.')),
    });
    expect(ran).toBe(false);
    expect(acted.error).toMatchObject({ code: 'E_SNAPSHOT', exitCode: 7 });
    expect(types(acted)).toEqual(['tool.decided']);
  });

  it('keeps the result of a call when only the state after it cannot be recorded, and then stops', async () => {
    const acted = await acting({
      effects: [{ kind: 'write', path: '/w/a' }],
      snapshot: (count) => (count === 1 ? Promise.resolve('one') : Promise.reject(snapshotError('full.'))),
    });
    expect(types(acted)).toEqual(['tool.decided', 'snapshot before', 'tool.finished']);
    expect(acted.error).toMatchObject({ code: 'E_SNAPSHOT' });
  });

  it('records the state after a tool that failed, and after one that broke off', async () => {
    const effects: Effect[] = [{ kind: 'write', path: '/w/a' }];
    const failed = await acting({ effects, run: () => Promise.reject(new ToolError('no such file')) });
    expect(types(failed)).toEqual(around);
    expect(failed.results[0]?.isError).toBe(true);
    await bench?.close();
    const broken = await acting({ effects, run: () => Promise.reject(new Error('aborted')) });
    expect(types(broken)).toEqual(around.slice(0, 3));
    expect(broken.error).toMatchObject({ message: 'aborted' });
  });

  it('does not wait for the state before a call once the run is to end', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped')), 10);
    const snapshot = (): Promise<string> => new Promise(() => undefined);
    const acted = await acting({ effects: [exec('opaque')], snapshot, signal: stop.signal });
    expect(acted.error).toMatchObject({ message: 'stopped' });
    expect(types(acted)).toEqual(['tool.decided']);
  });

  it('records nothing of a call that was refused', async () => {
    const policy: Policy = {
      hidden: [],
      foreign: () => undefined,
      decide: ({ effects }) => ({ verdict: 'deny', by: 'rule', why: 'no.', origin: 'f', effects: [...effects] }),
    };
    const acted = await acting({ effects: [exec('opaque')], policy });
    expect(types(acted)).toEqual(['tool.decided', 'tool.finished']);
    expect(acted.events[0]).toMatchObject({ verdict: 'deny', origin: 'f' });
    expect(acted.hosts).toEqual([]);
  });
});

describe('what was decided', () => {
  it('is in the log with where the rule came from and what holds it up', async () => {
    const policy = allowing((effects) => [...effects], { rule: 'net(x)', origin: 'a.yaml', enforced: 'sandbox' });
    const acted = await acting({ effects: [{ kind: 'net', host: 'x.example', access: 'read' }], policy });
    expect(acted.events[0]).toMatchObject({ rule: 'net(x)', origin: 'a.yaml', enforced: 'sandbox' });
  });

  it('lets the sandbox reach the hosts that were allowed', async () => {
    const acted = await acting({
      effects: [{ kind: 'exec', command: 'curl x' }],
      decided: [exec('listed'), { kind: 'net', host: 'x.example', access: 'read' }],
    });
    expect(acted.hosts).toEqual(['x.example']);
  });
});
