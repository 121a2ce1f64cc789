// Our side of the wire is the official SDKs' side, and our server's is one they understand.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import type { ModelProvider } from '../../src/core/provider.ts';
import { wireServer, type Script, type WireServer } from '../support/wire/wire-server.ts';
import { collect, make, subjects } from './provider-subjects.ts';

let server: WireServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const start = async (name: string, script: Script): Promise<ModelProvider> => {
  server = await wireServer(script);
  const subject = subjects.find((one) => one.name === name)!;
  return make(subject, subject.env(server.url));
};
const bodyOf = (index: number): unknown => server!.requests[index]!.body;

describe('the official SDK', () => {
  const answer = { text: 'Hello there', calls: [{ id: 'c1', name: 'read', input: { path: 'a' } }] };

  it('sends the same request to Anthropic and understands the answers of our server', async () => {
    const provider = await start('anthropic', [answer, answer]);
    await collect(provider);
    const client = new Anthropic({ apiKey: 'key', baseURL: server!.url, maxRetries: 0, logLevel: 'off' });
    const { stream: _stream, ...params } = bodyOf(0) as Anthropic.MessageCreateParamsStreaming;
    const message = await client.messages.stream(params).finalMessage();
    expect(message.content).toMatchObject([{ text: 'Hello there' }, { name: 'read', input: { path: 'a' } }]);
    const [ours, theirs] = server!.requests;
    expect(ours?.body).toEqual(theirs?.body);
    for (const header of ['anthropic-version', 'authorization', 'content-type']) {
      expect(ours?.headers[header]).toBe(theirs?.headers[header]);
    }
  });

  it('sends the same requests to OpenAI and understands the answers of our server', async () => {
    const provider = await start('openai', [answer, answer, answer, answer]);
    await collect(provider);
    const client = new OpenAI({ apiKey: 'key', baseURL: `${server!.url}/v1`, maxRetries: 0, logLevel: 'off' });
    const responsesBody = bodyOf(0) as OpenAI.Responses.ResponseCreateParamsStreaming;
    const events = [];
    for await (const event of await client.responses.create(responsesBody)) events.push(event);
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { usage: { input_tokens: 10 } } });

    const chatProvider = await make(subjects[2]!, subjects[2]!.env(server!.url));
    await collect(chatProvider);
    const { stream: _stream, ...params } = bodyOf(2) as OpenAI.ChatCompletionCreateParamsStreaming;
    const completion = await client.chat.completions.stream(params).finalChatCompletion();
    expect(completion.choices[0]?.message).toMatchObject({
      content: 'Hello there',
      tool_calls: [{ function: { name: 'read', arguments: '{"path":"a"}' } }],
    });
    for (const first of [0, 2]) {
      const [ours, theirs] = server!.requests.slice(first);
      expect(ours?.body).toEqual(theirs?.body);
      expect(ours?.path).toBe(theirs?.path);
      for (const header of ['authorization', 'content-type']) {
        expect(ours?.headers[header]).toBe(theirs?.headers[header]);
      }
    }
  });
});
