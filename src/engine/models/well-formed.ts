import { ProviderError, type Delta, type ModelProvider, type Reply, type Usage } from '../../core/provider.ts';
import type { Block } from '../../core/message.ts';

/** No call reads or writes more: more than this was not counted, and its price would be none. */
const mostTokens = 100_000_000;

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= mostTokens;

/** Counts as they can be; undefined when they cannot. */
const soundUsage = (usage: Usage | undefined): Usage | undefined => {
  if (!usage) return undefined;
  const { reasoningTokens, ...counts } = usage;
  if (!Object.values(counts).every(isCount)) return undefined;
  // A part cannot be more than the whole.
  const isPart = isCount(reasoningTokens) && reasoningTokens <= counts.outputTokens;
  return reasoningTokens === undefined || isPart ? usage : counts;
};

const wrongIn = (block: Block): string | undefined => {
  if (block.type === 'text' || block.type === 'thinking') {
    if (typeof block.text !== 'string') return `${block.type} that is no text`;
    const signature: unknown = block.type === 'thinking' ? block.signature : undefined;
    return signature === undefined || typeof signature === 'string' ? undefined : 'a signature that is no text';
  }
  if (block.type !== 'tool_call') return undefined;
  const { callId, name } = block as Partial<Record<'callId' | 'name', unknown>>;
  if (typeof name !== 'string' || name === '') return 'a call of a tool without a name';
  return typeof callId === 'string' && callId !== '' ? undefined : 'a call of a tool without an id';
};

/** Results are told apart by the ids of their calls: the second call with one id gets another. */
const withOwnIds = (content: readonly Block[]): Block[] => {
  const taken = new Set<string>();
  return content.map((block) => {
    if (block.type !== 'tool_call') return block;
    let { callId } = block;
    for (let copy = 2; taken.has(callId); copy++) callId = `${block.callId}_${copy}`;
    taken.add(callId);
    return callId === block.callId ? block : { ...block, callId };
  });
};

/**
 * Believes a provider no more than what can be worked with: whatever a server sent, text is text, calls have names and ids
 * of their own, counts are counts or are left out.
 * @throws ProviderError `malformed`
 */
export const wellFormed = (provider: ModelProvider): ModelProvider => {
  const malformed = (what: string): ProviderError => new ProviderError('malformed', `${provider.name} sent ${what}`);
  return {
    name: provider.name,
    capabilities: () => provider.capabilities(),
    async *stream(request, signal): AsyncGenerator<Delta, Reply> {
      const stream = provider.stream(request, signal);
      try {
        for (;;) {
          const step = await stream.next();
          if (step.done) {
            const { content, usage } = step.value;
            const wrong = content.map(wrongIn).find((what) => what !== undefined);
            if (wrong !== undefined) throw malformed(wrong);
            return { ...step.value, content: withOwnIds(content), usage: soundUsage(usage) };
          }
          const delta = step.value;
          if ((delta.type === 'text.delta' || delta.type === 'thinking.delta') && typeof delta.text !== 'string')
            throw malformed('a piece of text that is none');
          yield delta;
        }
      } finally {
        await stream.return({ content: [], stopReason: 'end', usage: undefined });
      }
    },
  };
};
