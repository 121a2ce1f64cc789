import type { ThinkingBlock } from 'llm-copilot-agent';

// Gemini signs parts: its newer models refuse a call of the turn under way that comes back without its signature. Which part
// a signature belongs to is kept by where it stands: a thinking block's signature is that of the text or call right after the
// block. A thought that was signed itself says so with a mark; signatures are base64 and hold no colon.

const thoughtMark = 'thought:';

/** What is taken for the signature of a call another model made (https://ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11-27). */
export const foreignCall = 'skip_thought_signature_validator';

/** A signature a thought itself carried, as it is kept. */
export const onThought = (signature: string): string => `${thoughtMark}${signature}`;

/** The signature in a block of ours, and what it belongs to; undefined when there is none to send back. */
export const signatureIn = (
  { by, signature }: ThinkingBlock,
  stale: ReadonlySet<string>,
): { on: 'thought' | 'next'; signature: string } | undefined => {
  if (by !== 'gemini' || !signature || stale.has(signature)) return undefined;
  return signature.startsWith(thoughtMark)
    ? { on: 'thought', signature: signature.slice(thoughtMark.length) }
    : { on: 'next', signature };
};
