// Providers charge a tenth for a prefix they have seen: what was sent once must be sent again byte for byte.
import { afterEach, describe, expect, test } from 'vitest';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness } from '../support/cli.ts';
import { wireServer, type WireServer } from '../support/wire/wire-server.ts';

interface Body {
  system?: unknown;
  instructions?: unknown;
  tools?: unknown[];
  messages?: unknown[];
  input?: unknown[];
}

/** The markers of Anthropic's cache move with the end: they say where to cache, not what. */
const withoutMarkers = (value: unknown): string =>
  JSON.stringify(value, (key, inner: unknown) => (key === 'cache_control' ? undefined : inner));

const fixedPart = ({ system, instructions, tools }: Body): string => withoutMarkers([system ?? instructions, tools]);
const turnsOf = ({ messages, input }: Body): string[] => (messages ?? input ?? []).map(withoutMarkers);

describe.each([
  ['anthropic/claude-sonnet-5-5', (url: string) => ({ ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: url })],
  ['openai/gpt-6.2-sol', (url: string) => ({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${url}/v1` })],
  ['openai-chat/gpt-5.4', (url: string) => ({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${url}/v1` })],
] as const)('what %s is sent', (model, envFor) => {
  const harness = cliHarness();
  let server: WireServer | undefined;
  let project: TempProject | undefined;
  afterEach(async () => {
    await server?.close();
    project?.close();
    harness.close();
  });

  test('begins with the same bytes over 50 turns, and again after each compaction', async () => {
    project = tempProject({ 'notes.md': `${'A line of notes that fills the window. '.repeat(30)}\n` });
    let calls = 0;
    server = await wireServer((request) => {
      const { tools } = request.body as Body;
      if (!tools?.length) return { text: 'The notes were read again and again.' };
      calls += 1;
      return calls > 50
        ? { text: 'Read.' }
        : {
            thinking: `turn ${calls}`,
            text: `Reading for the ${calls}. time.`,
            calls: [{ name: 'read', input: { path: 'notes.md', offset: (calls % 2) + 1, limit: calls } }],
          };
    });
    project.write('.llm-copilot/config.yaml', `models:\n  ${model}:\n    contextWindow: 12000\n`);
    const ran = await harness.cli(
      [
        'run',
        'read the notes fifty times',
        '--model',
        model,
        '--output-format',
        'stream-json',
        '--max-turns',
        '80',
        '--trust',
      ],
      { cwd: project.root, env: envFor(server.url) },
    );
    const lines = ran.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; status?: string });
    expect(lines.at(-1)).toMatchObject({ type: 'result', status: 'done' });
    const compactions = lines.filter(({ type }) => type === 'context.compacted').length;
    const bodies = server.requests.map(({ body }) => body as Body).filter(({ tools }) => tools?.length);
    expect(bodies).toHaveLength(51);
    expect(new Set(bodies.map(fixedPart)).size).toBe(1);
    const turns = bodies.map(turnsOf);
    const grows = (before: readonly string[], now: readonly string[]): boolean =>
      before.every((turn, at) => turn === now[at]);
    const breaks = turns.filter((now, at) => at > 0 && !grows(turns[at - 1] ?? [], now)).length;
    expect(compactions).toBeGreaterThan(0);
    // Nothing but a compaction changes what was sent.
    expect(breaks).toBeLessThanOrEqual(compactions);
    expect(compactions).toBeLessThan(12);
    // The task itself stays in front, word for word.
    expect(turns.every((sent) => sent.slice(0, 2).join('').includes('read the notes fifty times'))).toBe(true);
  });
});
