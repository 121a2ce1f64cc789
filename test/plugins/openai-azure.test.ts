import { afterEach, expect, it } from 'vitest';
import { setup } from '../../plugins/openai/provider.ts';
import type { ModelProvider } from '../../src/core/provider.ts';
import { collect } from '../contract/provider-subjects.ts';
import { testHost } from '../support/wire/host.ts';
import { wireServer, type Script, type WireServer } from '../support/wire/wire-server.ts';

let server: WireServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const start = async (
  script: Script,
  env: Record<string, string> = { AZURE_OPENAI_API_KEY: 'azure-key' },
  path = '',
): Promise<ModelProvider> => {
  server = await wireServer(script);
  const host = testHost({ ...env, AZURE_OPENAI_ENDPOINT: `${server.url}${path}/` });
  return setup(host).providers!['azure-openai']!('my gpt');
};

it('a key goes into a header of its own, and the deployment into the path', async () => {
  await collect(await start([{ text: 'ok' }]));
  const { path, headers } = server!.requests[0]!;
  expect(path).toBe('/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21');
  expect(headers['api-key']).toBe('azure-key');
  expect(headers).not.toHaveProperty('authorization');
});

it('a token of Entra is a bearer token', async () => {
  await collect(await start([{ text: 'ok' }], { AZURE_OPENAI_AD_TOKEN: 'entra', OPENAI_API_KEY: 'other' }));
  const { headers } = server!.requests[0]!;
  expect(headers.authorization).toBe('Bearer entra');
  expect(headers).not.toHaveProperty('api-key');
});

it.each([
  [{ OPENAI_API_VERSION: '2025-04-01-preview', AZURE_OPENAI_API_VERSION: 'x' }, '2025-04-01-preview'],
  [{ AZURE_OPENAI_API_VERSION: '2025-01-01-preview' }, '2025-01-01-preview'],
])('the version of the API is what the variables %j say', async (env, version) => {
  await collect(await start([{ text: 'ok' }], { AZURE_OPENAI_API_KEY: 'key', ...env }));
  expect(server?.requests[0]?.path).toContain(`?api-version=${version}`);
});

it('the undated API has no version, and the deployment only in the body', async () => {
  await collect(await start([{ text: 'ok' }], { AZURE_OPENAI_API_KEY: 'key' }, '/openai/v1'));
  const { path, body } = server!.requests[0]!;
  expect(path).toBe('/openai/v1/chat/completions');
  expect(body).toMatchObject({ model: 'my gpt' });
});

it('its chunks without choices or words are passed over', async () => {
  const filter = { hate: { filtered: false, severity: 'safe' } };
  const provider = await start([
    {
      fault: 'raw',
      events: [
        {
          id: '',
          object: '',
          choices: [],
          prompt_filter_results: [{ prompt_index: 0, content_filter_results: filter }],
        },
        { choices: [{ index: 0, delta: { role: 'assistant', content: 'Hi' }, content_filter_results: filter }] },
        { choices: [{ index: 0, finish_reason: null, content_filter_offsets: { check_offset: 44 } }] },
        { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
        { choices: [], usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 } },
        '[DONE]',
      ],
    },
  ]);
  expect((await collect(provider)).reply).toEqual({
    content: [{ type: 'text', text: 'Hi' }],
    stopReason: 'end',
    usage: { inputTokens: 3, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 },
  });
});

const results = {
  hate: { filtered: false },
  jailbreak: { filtered: true, detected: true },
  violence: { filtered: true },
};
const message = "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.";
const body = {
  error: {
    message,
    type: null,
    param: 'prompt',
    code: 'content_filter',
    status: 400,
    innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: results },
  },
};
const older = {
  error: { message, code: 'content_filter', inner_error: { content_filter_results: results }, param: 'prompt' },
};

it.each([
  ['its answer', [{ fault: 'status', status: 400, body }]],
  ['the older form of it', [{ fault: 'status', status: 400, body: older }]],
  ['an event', [{ fault: 'raw', events: [body] }]],
] as const)('a prompt its filter refuses is said to be that: %s', async (_form, script) => {
  await expect(collect(await start(script))).rejects.toMatchObject({
    kind: 'invalid_request',
    retryable: false,
    exitCode: 6,
    message: `Azure OpenAI refused the prompt (jailbreak, violence): ${message}`,
    hint: expect.stringContaining('content filter') as string,
  });
});

it('a filter that names nothing is said too', async () => {
  const bare = { error: { message: 'Filtered.', code: 'content_filter' } };
  const provider = await start([{ fault: 'status', status: 400, body: bare }]);
  await expect(collect(provider)).rejects.toThrow('Azure OpenAI refused the prompt: Filtered.');
});

it('without an endpoint it says which variable is missing', () => {
  const host = testHost({ AZURE_OPENAI_API_KEY: 'key' });
  expect(() => setup(host).providers!['azure-openai']!('gpt')).toThrow(
    expect.objectContaining({ exitCode: 3, message: expect.stringContaining('AZURE_OPENAI_ENDPOINT') as string }),
  );
});

it('an unknown deployment is named', async () => {
  const missing = {
    error: { code: 'DeploymentNotFound', message: 'The API deployment for this resource does not exist.' },
  };
  await expect(collect(await start([{ fault: 'status', status: 404, body: missing }]))).rejects.toMatchObject({
    kind: 'not_found',
    hint: expect.stringContaining('"my gpt"') as string,
  });
});
