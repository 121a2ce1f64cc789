import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redactor } from '../../src/base/redact/redactor.ts';
import type { Event } from '../../src/core/event.ts';
import { text } from '../../src/core/message.ts';
import { eventLog } from '../../src/host/log/event-log.ts';
import { runNode, type Figure } from './measure.ts';

const eventsEach = 10_000;
const batch = 500;

/** Bodies of 400 to 800 bytes, in the mix a coding session leaves. */
const eventOf = (index: number): Event => {
  const words = `line ${index} of some output, `.repeat(30).slice(0, 230 + (index % 7) * 65);
  if (index % 3 === 0)
    return {
      type: 'message.added',
      run: 'r',
      message: {
        role: 'assistant',
        content: [
          text(words),
          { type: 'tool_call', callId: `c${index}`, name: 'read', input: { path: `src/file-${index % 50}.ts` } },
        ],
      },
    };
  if (index % 3 === 1)
    return {
      type: 'tool.decided',
      run: 'r',
      callId: `c${index}`,
      tool: 'read',
      verdict: 'allow',
      by: 'mode',
      why: words,
      effects: [{ kind: 'read', path: `/project/src/file-${index % 50}.ts` }],
    };
  return {
    type: 'tool.finished',
    run: 'r',
    callId: `c${index}`,
    tool: 'read',
    content: [text(words)],
    isError: false,
    durationMs: 3,
  };
};

/** Fills a log with sessions of 10,000 events. */
const fill = (path: string, events: number): void => {
  const log = eventLog(path, redactor([]));
  for (let session = 0; session < events / eventsEach; session++) {
    const { id } = log.create({ root: '/project', title: `session ${session}` });
    for (let at = 0; at < eventsEach; at += batch)
      log.appendAll(
        id,
        Array.from({ length: batch }, (_, index) => eventOf(at + index)),
      );
  }
  log.close();
};

/**
 * Figures of the audit trail, each taken of the whole process: a million events verified, and exported with a signature.
 * @param bin the built command.
 */
export const auditFigures = async (bin: string, events = 1_000_000): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-copilot-bench-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  try {
    const path = join(data, 'sessions.db');
    const fillAt = performance.now();
    fill(path, events);
    const fillMs = performance.now() - fillAt;
    const env = { LLM_COPILOT_DATA_DIR: data, XDG_CONFIG_HOME: join(folder, 'config') };
    const run = (...args: string[]) => runNode([bin, 'audit', ...args], { cwd: folder, env });
    const verified = await run('verify');
    const exported = await run('export', '--sign', '--output', join(folder, 'log.jsonl'));
    const note = `${(statSync(path).size / 1024 ** 2).toFixed(0)} MB`;
    return [
      { name: `${events} events appended, batches of ${batch}`, value: events / (fillMs / 1000), unit: '/s', note },
      {
        name: `audit verify of ${events} events, wall`,
        value: verified.wallMs / 1000,
        unit: 's',
        target: 15,
        kind: 'most',
      },
      { name: 'the same, peak memory', value: verified.peakRssMb, unit: 'MB' },
      { name: `audit export --sign of ${events} events, wall`, value: exported.wallMs / 1000, unit: 's' },
      { name: 'the same, peak memory', value: exported.peakRssMb, unit: 'MB' },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
