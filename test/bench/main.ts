// npm run bench: whole-process figures as ratios to `node -e 0` measured in the same run, interleaved.
// The model is a scripted server on loopback, in this process.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { redactor } from '../../src/base/redact/redactor.ts';
import { messagesOf } from '../../src/core/fold.ts';
import { text, userMessage } from '../../src/core/message.ts';
import { eventLog } from '../../src/host/log/event-log.ts';
import type { Event } from '../../src/core/event.ts';
import { wireServer, type Turn } from '../support/wire/wire-server.ts';
import { auditFigures } from './audit.ts';
import { routingFigures } from './routing.ts';
import { redactFigures } from './redact.ts';
import { safetyFigures } from './safety.ts';
import { buildVariant } from './variants.ts';
import { median, noise, printFigures, runNode, type Figure, type Sample } from './measure.ts';

const rounds = Number(process.argv[2] ?? 16);
const bin = resolve('bin/llm-copilot.js');
const folder = mkdtempSync(join(tmpdir(), 'llm-copilot-bench-'));
const project = join(folder, 'project');
const figures: Figure[] = [];

const reset = (): void => {
  rmSync(project, { recursive: true, force: true });
  mkdirSync(project);
  writeFileSync(join(project, 'data.txt'), Array.from({ length: 40 }, (_, n) => `line ${n}: value 0`).join('\n'));
};

let turns: (index: number) => Turn = () => ({ text: 'Hello there, how can I help?' });
let first = 0;
const server = await wireServer((_request, index) => {
  // Only the newest body is looked at; a heap full of old ones would slow this process, and so the figures.
  const before = server.requests[index - 1];
  if (before) before.body = undefined;
  return turns(index - first);
});
const env = {
  ANTHROPIC_BASE_URL: server.url,
  ANTHROPIC_API_KEY: 'bench',
  LLM_COPILOT_DATA_DIR: join(folder, 'data'),
  XDG_CONFIG_HOME: join(folder, 'config'),
};
let program = bin;
const agent = (...args: string[]): Promise<Sample> => {
  first = server.requests.length;
  return runNode([program, 'run', '--quiet', '--model', 'anthropic', ...args], { cwd: project, env });
};

const never = (): never => {
  throw new Error('unreachable');
};

// Start-up, interleaved so that drift of the machine hits all alike.
reset();
const node: Sample[] = [];
const version: Sample[] = [];
const help: Sample[] = [];
const hello: Sample[] = [];
const toRequest: number[] = [];
for (let round = 0; round <= rounds; round++) {
  // The order rotates: what comes after a busy process finds the machine in another mood.
  const kinds = ['node', 'version', 'help', 'hello'] as const;
  const taken = new Map<(typeof kinds)[number], Sample>();
  for (let turn = 0; turn < kinds.length; turn++) {
    const kind = kinds[(round + turn) % kinds.length] ?? 'node';
    const args = { node: ['-e', '0'], version: [bin, '--version'], help: [bin, '--help'] };
    taken.set(kind, kind === 'hello' ? await agent('hi') : await runNode(args[kind]));
  }
  const of = (kind: (typeof kinds)[number]): Sample => taken.get(kind) ?? never();
  if (round === 0) continue; // warm-up
  node.push(of('node'));
  version.push(of('version'));
  help.push(of('help'));
  hello.push(of('hello'));
  toRequest.push((server.requests.at(-1)?.arrivedAt ?? NaN) - of('hello').startedAt);
}
const walls = (samples: readonly Sample[]): number[] => samples.map((sample) => sample.wallMs);
const base = median(walls(node));
const baseCpu = median(node.map((sample) => sample.cpuMs));
const ratio = (name: string, value: number, target: number): void =>
  void figures.push({ name, value, unit: '× node', target, kind: 'most' });
ratio('--version, wall', median(walls(version)) / base, 1.25);
ratio('--help, wall', median(walls(help)) / base, 1.5);
ratio('start → first request on the wire', median(toRequest) / base, 3.5);
ratio('one-shot hello, wall', median(walls(hello)) / base, 5);
ratio('one-shot hello, CPU', median(hello.map((sample) => sample.cpuMs)) / baseCpu, 5);
figures.push({
  name: 'one-shot hello, peak memory',
  value: median(hello.map((sample) => sample.peakRssMb)),
  unit: 'MB',
  target: 110,
  kind: 'most',
});

// The prompt every first request pays for.
const body = server.requests.at(-1)?.body as { system: { text: string }[]; tools: object[] };
const fixed = encode(body.system.map((block) => block.text).join('\n')).length;
const tools = encode(JSON.stringify(body.tools)).length;
figures.push({
  name: 'fixed prompt of the first request (system + tools)',
  value: fixed + tools,
  unit: 'o200k',
  target: 1100,
  kind: 'most',
  note: `system ${fixed}, tools ${tools}`,
});

// Turns: read, shell `true`, edit in rotation.
const rotation = (index: number): Turn => {
  const edits = Math.floor(index / 3);
  const calls = [
    { name: 'read', input: { path: 'data.txt' } },
    { name: 'shell', input: { command: 'true' } },
    { name: 'edit', input: { path: 'data.txt', old: `line 7: value ${edits}\n`, new: `line 7: value ${edits + 1}\n` } },
  ];
  const call = calls[index % 3];
  return { text: `Step ${index}.`, calls: call ? [call] : [] };
};
const run = async (count: number, from = 0): Promise<{ gaps: number[]; sample: Sample }> => {
  if (from === 0) reset();
  turns = (index) => (index < count ? rotation(from + index) : { text: 'Finished.' });
  const more = from === 0 ? [] : ['--continue'];
  const limit = String(count + 5);
  const sample = await agent('--permission-mode', 'auto', '--verify', 'never', '--max-turns', limit, ...more, 'go');
  const asked = server.requests.slice(first);
  if (asked.length !== count + 1) throw new Error(`expected ${count + 1} requests, saw ${asked.length}`);
  // From the end of the model's answer to the next request on the wire.
  const gaps = asked.slice(1).map((request, index) => request.arrivedAt - (asked[index]?.answeredAt ?? NaN));
  return { gaps, sample };
};
/** Medians of the three kinds of turns, added up: one rotation. A median over all would jump between kinds. */
const rotationMs = (gaps: readonly number[]): number =>
  [0, 1, 2].reduce((sum, kind) => sum + median(gaps.filter((_gap, index) => index % 3 === kind)), 0);
const short: number[] = [];
const growth: number[] = [];
const resumedGrowth: number[] = [];
const long: Sample[] = [];
for (let round = 0; round < 5; round++) {
  short.push(median((await run(20)).gaps));
  const { gaps, sample } = await run(200);
  // The same turns at the same age of the process, with and without 200 turns of history.
  const anew = rotationMs((await run(21)).gaps.slice(3));
  await run(198);
  resumedGrowth.push(rotationMs((await run(21, 198)).gaps.slice(3)) / anew);
  growth.push(rotationMs(gaps.slice(180, 198)) / rotationMs(gaps.slice(3, 21)));
  long.push(sample);
}
const scale = base / 45;
figures.push({
  name: 'per turn incl. tool, median of 20 turns',
  value: median(short),
  unit: 'ms',
  note: `= ${(median(short) / base).toFixed(3)} × node`,
});
figures.push({
  name: 'the same on a machine where node -e 0 takes 45 ms',
  value: median(short) / scale,
  unit: 'ms',
  target: 6,
  kind: 'most',
});
figures.push({
  name: 'growth: 20 turns after 198 earlier ones over 20 turns anew',
  value: median(resumedGrowth),
  unit: '×',
  target: 1.2,
  kind: 'most',
});
figures.push({
  name: 'growth: turns 181–198 over turns 4–21 of one process',
  value: median(growth),
  unit: '×',
  target: 1.2,
  kind: 'most',
});
figures.push({
  name: '200 turns, wall, where node -e 0 takes 45 ms',
  value: median(walls(long)) / scale / 1000,
  unit: 's',
  target: 2,
  kind: 'most',
  note: `= ${(median(walls(long)) / base).toFixed(1)} × node`,
});
figures.push({
  name: '200 turns, peak memory',
  value: median(long.map((sample) => sample.peakRssMb)),
  unit: 'MB',
  target: 130,
  kind: 'most',
});

// What redaction adds: the same 200 turns with a build that redacts nothing, in turn.
const redacting = await buildVariant(join(folder, 'redacting'), true);
const plain = await buildVariant(join(folder, 'plain'), false);
const withIt: Sample[] = [];
const withoutIt: Sample[] = [];
for (let round = 0; round < 9; round++)
  for (const which of round % 2 === 0 ? [redacting, plain] : [plain, redacting]) {
    program = which;
    (which === plain ? withoutIt : withIt).push((await run(200)).sample);
  }
program = bin;
const share = (of: (sample: Sample) => number): number =>
  median(withIt.map((sample, index) => of(sample) / of(withoutIt[index] ?? never()))) * 100 - 100;
figures.push({
  name: 'redaction: time it adds to 200 turns',
  value: share((sample) => sample.wallMs),
  unit: '%',
  target: 2,
  kind: 'most',
  note: `median of 9 pairs; CPU ${share((sample) => sample.cpuMs).toFixed(1)} %`,
});

// The event log.
const log = eventLog(join(folder, 'log.db'), redactor([]));
const session = log.create({ root: project, title: 'bench' }).id;
const events = Array.from({ length: 10_000 }, (_, index): Event => {
  if (index === 0) return { type: 'run.started', run: 'r', agent: 'coder' };
  if (index % 2)
    return {
      type: 'message.added',
      run: 'r',
      message: {
        role: 'assistant',
        content: [
          text(`Step ${index}.`),
          { type: 'tool_call', callId: `c${index}`, name: 'read', input: { path: 'src/file.ts' } },
        ],
      },
    };
  return {
    type: 'tool.finished',
    run: 'r',
    callId: `c${index - 1}`,
    tool: 'read',
    content: [text('some output '.repeat(20))],
    isError: false,
    durationMs: 1,
  };
});
const appendAt = performance.now();
for (let index = 0; index < events.length; index += 100) log.appendAll(session, events.slice(index, index + 100));
figures.push({
  name: 'events appended, batches of 100',
  value: 10_000 / ((performance.now() - appendAt) / 1000),
  unit: '/s',
  target: 20_000,
  kind: 'least',
});
const singleAt = performance.now();
const single = log.create({ root: project, title: 'single' }).id;
for (let index = 0; index < 2000; index++)
  log.append(single, { type: 'message.added', run: 'r', message: userMessage('one event') });
figures.push({
  name: 'events appended, one by one',
  value: 2000 / ((performance.now() - singleAt) / 1000),
  unit: '/s',
});
log.close();
const resumed = eventLog(join(folder, 'log.db'), redactor([]));
const resumeAt = performance.now();
const messages = messagesOf(resumed.read(session), 'r');
figures.push({
  name: 'resume of a 10,000-event session',
  value: performance.now() - resumeAt,
  unit: 'ms',
  target: 300,
  kind: 'most',
  note: `${messages.length} messages`,
});
resumed.close();

// Before what fills the heap of this process: its collector would be in the figures.
figures.push(...(await routingFigures(folder)));
figures.push(...(await safetyFigures()));
figures.push(...redactFigures());
figures.push(...(await auditFigures(bin)));

await server.close();
rmSync(folder, { recursive: true, force: true });
console.log(
  `node ${process.version}, node -e 0: median ${base.toFixed(0)} ms, noise ±${((noise(walls(node)) * 100) / 2).toFixed(0)} %, ${rounds} interleaved rounds\n`,
);
printFigures(figures);
if (
  figures.some(
    (figure) =>
      figure.target !== undefined &&
      (figure.kind === 'least' ? figure.value < figure.target : figure.value > figure.target),
  )
)
  process.exitCode = 1;
