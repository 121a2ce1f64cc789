import type { Block, ToolCallBlock } from 'llm-copilot-agent';

/** What Gemini's compatible endpoint puts beside a call, and wants back with it. */
export interface CallSignature {
  google: { thought_signature: string };
}

/** Takes the place of a signature where a call was made by another model (https://ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11-27). */
const foreignCall = 'skip_thought_signature_validator';

/** Gemini through its compatible endpoint: the signature of a call is kept in an empty thinking block before it. */
export const google = {
  by: 'gemini-openai',

  /** The signature of each call of one message; the first call of a message must have one. */
  signatures: (content: readonly Block[]): ((call: ToolCallBlock) => CallSignature | undefined) => {
    const signatures = new Map<Block, string>();
    let kept: string | undefined;
    for (const block of content) {
      if (block.type === 'thinking' && block.by === google.by) kept = block.signature;
      if (block.type !== 'tool_call') continue;
      const signature = kept ?? (signatures.size === 0 ? foreignCall : undefined);
      if (signature !== undefined) signatures.set(block, signature);
      kept = undefined;
    }
    return (call) => {
      const signature = signatures.get(call);
      return signature === undefined ? undefined : { google: { thought_signature: signature } };
    };
  },
};

/**
 * DeepSeek: with every message that calls tools, its thoughts must come back, if only empty
 * (https://api-docs.deepseek.com/guides/thinking_mode, read 2026-11-27).
 */
export const deepseek = {
  by: 'deepseek',

  /** Its own thoughts in one message. */
  thoughts: (content: readonly Block[]): string =>
    content
      .flatMap((block) => (block.type === 'thinking' && block.by === deepseek.by ? [block.text] : []))
      .join('\n\n'),
};
