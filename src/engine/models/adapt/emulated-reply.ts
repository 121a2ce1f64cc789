import { createHash } from 'node:crypto';
import type { Block, Message } from '../../../core/message.ts';
import type { Delta, ModelProvider, Reply, Request } from '../../../core/provider.ts';
import { callReader, type Piece } from './read-calls.ts';

/** Ids for the calls of one reply: the same for the same conversation, and none that was used in it. */
const idsFor = (messages: readonly Message[]): (() => string) => {
  let used: Set<string> | undefined;
  let count = 0;
  return () => {
    used ??= new Set(
      messages.flatMap(({ content }) => content.flatMap((block) => (block.type === 'tool_call' ? block.callId : []))),
    );
    for (;;) {
      const id = `call_${createHash('sha256').update(`${messages.length}:${count++}`).digest('hex').slice(0, 24)}`;
      if (!used.has(id)) return id;
    }
  };
};

const piecesOf = (text: string): Piece[] => {
  const reader = callReader();
  return [...reader.push(text), ...reader.end()];
};

const withCalls = (reply: Reply, messages: readonly Message[]): Reply => {
  const nextId = idsFor(messages);
  const content = reply.content.flatMap((block): Block[] => {
    if (block.type !== 'text') return [block];
    const blocks: Block[] = [];
    for (const piece of piecesOf(block.text)) {
      const last = blocks.at(-1);
      if (piece.type === 'call')
        blocks.push({ type: 'tool_call', callId: nextId(), name: piece.name, input: piece.input });
      else if (last?.type === 'text') last.text += piece.text;
      else blocks.push({ type: 'text', text: piece.text });
    }
    return blocks;
  });
  const hasCalls = content.some(({ type }) => type === 'tool_call');
  return { ...reply, content, stopReason: hasCalls && reply.stopReason === 'end' ? 'tool_calls' : reply.stopReason };
};

/**
 * Asks a model that was told of its tools in the prompt and reads its calls out of its text. What it writes before a call
 * is streamed at once, the call itself never. `messages` are those of the conversation before it was adapted.
 */
export async function* emulatedReply(
  provider: ModelProvider,
  request: Request,
  messages: readonly Message[],
  signal: AbortSignal,
): AsyncGenerator<Delta, Reply> {
  const stream = provider.stream(request, signal);
  let reader = callReader();
  try {
    for (;;) {
      const step = await stream.next();
      const pieces = step.done ? reader.end() : step.value.type === 'text.delta' ? reader.push(step.value.text) : [];
      for (const piece of pieces) if (piece.type === 'text') yield { type: 'text.delta', text: piece.text };
      if (step.done) return withCalls(step.value, messages);
      if (step.value.type === 'text.delta') continue;
      // Everything so far is void.
      if (step.value.type === 'retry') reader = callReader();
      yield step.value;
    }
  } finally {
    await stream.return({ content: [], stopReason: 'end', usage: undefined });
  }
}
