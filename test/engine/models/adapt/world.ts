// Requests and models for the tests of adaptation.
import { capabilitiesFrom, type Manifest } from '../../../../src/core/capabilities.ts';
import type { Block, Message } from '../../../../src/core/message.ts';
import type { Request } from '../../../../src/core/provider.ts';
import type { Candidate } from '../../../../src/core/route.ts';
import { adapt } from '../../../../src/engine/models/adapt/adapt.ts';

/** A model that takes everything. */
export const able: Manifest = {
  modalities: { input: ['text', 'image'] },
  features: { json_mode: true, json_schema: true, thinking: true, seed_support: true },
  constraints: { messages: { allow_consecutive_same_role: true }, tokens: { max_output_tokens: 100_000 } },
};

export const model = (more: Manifest = {}, name = 'anthropic/some'): Candidate => ({
  name,
  capabilities: capabilitiesFrom(able, more),
});

export const request = (more: Partial<Request> = {}): Request => ({
  system: 'Be brief.',
  tools: [],
  messages: [said('hi')],
  maxOutputTokens: 1000,
  ...more,
});

export const readTool = { name: 'read', description: 'Reads a file.', inputSchema: { type: 'object' } };
export const png: Block = { type: 'image', mediaType: 'image/png', base64: 'A'.repeat(45_000) };

export const said = (words: string): Message => ({
  role: 'user',
  content: [{ type: 'text', text: words }],
  origin: 'user',
});
export const answered = (...content: Block[]): Message => ({ role: 'assistant', content });
export const call = (callId: string, input: unknown = { path: 'a' }, name = 'read'): Block => ({
  type: 'tool_call',
  callId,
  name,
  input,
});
export const result = (callId: string, words = 'done', more: Block[] = [], isError = false): Block => ({
  type: 'tool_result',
  callId,
  content: [{ type: 'text', text: words }, ...more],
  isError,
});
export const results = (...content: Block[]): Message => ({ role: 'user', content });

/** Every block of a request's messages, those in results too. */
export const blocksOf = (messages: readonly Message[]): Block[] =>
  messages.flatMap(({ content }) =>
    content.flatMap((block) => (block.type === 'tool_result' ? [block, ...block.content] : [block])),
  );

/** What is lost, as `code severity path`. */
export const lost = (of: Request, at: Candidate): string[] =>
  adapt(of, at).losses.map(({ code, severity, path }) => `${code} ${severity} ${path}`);
