import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redactor } from '../../src/base/redact/redactor.ts';
import { messagesOf, topRunsOf } from '../../src/core/fold.ts';
import { textOf } from '../../src/core/message.ts';
import { eventLog } from '../../src/host/log/event-log.ts';
import { startBinary, tempFolder } from '../support/binary.ts';
import { conversationOf } from '../support/wire/conversation.ts';
import { wireServer, type Turn, type WireRequest } from '../support/wire/wire-server.ts';

const rounds = Number(process.env.KILL_ROUNDS ?? 100);
const steps = 5;

const readLines = (path: string): string[] => {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
};

/**
 * A model that does numbered steps, each once. It goes by the conversation alone; after an interrupted call it looks
 * into the file before it does the step again.
 */
const stepper = (request: WireRequest, index: number): Turn => {
  const { messages } = conversationOf(request);
  const calls = messages.flatMap((message) => message.toolCalls);
  const results = new Map(messages.flatMap((message) => message.toolResults).map((result) => [result.id, result.text]));
  const last = calls.at(-1);
  const step = (n: number): Turn => ({
    calls: [
      { id: `call_${n}_${index}`, name: 'shell', input: { command: `echo "${n} call_${n}_${index}" >> steps.log` } },
    ],
  });
  const numberOf = (input: unknown): number =>
    Number(/echo "(\d+)/.exec(JSON.stringify(input).replaceAll('\\', ''))?.[1] ?? 0);
  const done = Math.max(0, ...calls.map((call) => numberOf(call.input)));
  if (!last) return step(1);
  const result = results.get(last.id) ?? '';
  if (last.name === 'read') {
    if (result.includes('Interrupted'))
      return { calls: [{ id: `look_${index}`, name: 'read', input: { path: 'steps.log' } }] };
    const there = new RegExp(`\\b${done} call_`).test(result);
    if (!there) return step(done);
  } else if (result.includes('Interrupted'))
    return { calls: [{ id: `look_${index}`, name: 'read', input: { path: 'steps.log' } }] };
  return done >= steps ? { text: 'All steps are done.' } : step(done + 1);
};

test(`${rounds} kills at random points: every run resumes, the chain is whole, no call runs twice, nothing acknowledged is lost`, async () => {
  let index = 0;
  // Most kills strike within some milliseconds of a random request, the rest at any time since the start.
  let strike: (() => void) | undefined;
  let strikeAt = 0;
  let seen = 0;
  const server = await wireServer((request) => {
    if (seen++ === strikeAt && strike) setTimeout(strike, Math.random() * 25);
    return stepper(request, index++);
  });
  const killed = { beforeSession: 0, midway: 0, finished: 0 };
  let resumes = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const folder = tempFolder();
      const root = folder.path;
      const data = join(root, '.data');
      writeFileSync(join(root, '.gitignore'), '.data/\n');
      const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'k', LLM_COPILOT_DATA_DIR: data };
      const args = ['run', '--permission-mode', 'auto', '--verify', 'never', '--output-format', 'json'];
      const { child, ended } = startBinary([...args, 'do the steps'], { cwd: root, env });
      const kill = (): void => void child.kill('SIGKILL');
      seen = 0;
      strikeAt = Math.floor(Math.random() * steps);
      strike = round % 10 === 0 ? undefined : kill;
      const timer = setTimeout(kill, strike ? 60_000 : Math.random() * 600);
      const first = await ended;
      clearTimeout(timer);
      strike = undefined;
      const store = eventLog(join(data, 'sessions.db'), redactor([]));
      const [session] = store.list();
      if (first.signal === null) {
        expect(first.code, first.stderr).toBe(0);
        killed.finished++;
      } else if (!session || [...store.read(session.id)].length === 0) killed.beforeSession++;
      else killed.midway++;
      const before = session ? [...store.read(session.id)] : [];
      const acknowledged = before.flatMap((event) =>
        event.type === 'tool.finished' && event.tool === 'shell' ? [event.callId] : [],
      );
      if (session) expect(store.verify(session.id)).toBeUndefined();
      const log = readLines(join(root, 'steps.log')).map((line) => line.split(' ')[1]);
      for (const callId of acknowledged) expect(log).toContain(callId);
      store.close();

      if (first.signal !== null) {
        resumes++;
        const again = before.length > 0 ? [...args, '--continue', 'Go on.'] : [...args, 'do the steps'];
        const second = await startBinary(again, { cwd: root, env }).ended;
        expect(second.code, second.stderr).toBe(0);
      }
      const lines = readLines(join(root, 'steps.log'));
      expect(lines.map((line) => Number(line.split(' ')[0]))).toEqual([1, 2, 3, 4, 5]);
      expect(new Set(lines).size).toBe(lines.length);
      const after = eventLog(join(data, 'sessions.db'), redactor([]));
      const [resumed] = after.list();
      if (!resumed) throw new Error('the session is gone');
      expect(after.verify(resumed.id)).toBeUndefined();
      const events = [...after.read(resumed.id)];
      expect(events.slice(0, before.length).map((event) => event.hash)).toEqual(before.map((event) => event.hash));
      const lastRun = topRunsOf(events).at(-1);
      expect(textOf(messagesOf(events, lastRun?.run ?? '').at(-1)?.content ?? [])).toBe('All steps are done.');
      after.close();
      folder.remove();
    }
  } finally {
    await server.close();
  }
  console.log(
    `killed before the session began: ${killed.beforeSession}, midway: ${killed.midway}, not in time: ${killed.finished}; resumed: ${resumes}`,
  );
  // The test proves something only when most kills struck while the run was under way.
  expect(killed.midway).toBeGreaterThan(rounds / 2);
});
