/** Plain text. */
export interface TextBlock {
  type: 'text';
  text: string;
}

/**
 * A model's visible reasoning. It is sent back only to the provider named in `by`, unchanged:
 * `signature` is whatever that provider needs to accept it again (opaque to everyone else).
 */
export interface ThinkingBlock {
  type: 'thinking';
  text: string;
  signature?: string;
  /** Provider plugin that produced it, such as `anthropic`. */
  by?: string;
}

/** A picture, base64 without line breaks. */
export interface ImageBlock {
  type: 'image';
  /** `image/png`, `image/jpeg`, `image/gif` or `image/webp`. */
  mediaType: string;
  base64: string;
}

/** The model asks for a tool. */
export interface ToolCallBlock {
  type: 'tool_call';
  callId: string;
  name: string;
  /** Parsed JSON. A string holds the raw text of arguments that were not valid JSON. */
  input: unknown;
}

/** What a tool answered. `content` never nests further tool blocks. */
export interface ToolResultBlock {
  type: 'tool_result';
  callId: string;
  content: Block[];
  isError: boolean;
  /** Where the content came from when that is not the workspace. */
  origin?: Origin;
}

/** What models read and write. */
export type Block = TextBlock | ThinkingBlock | ImageBlock | ToolCallBlock | ToolResultBlock;

/** Where text came from. Anything but `user` is untrusted data: `file` is one from outside the workspace. */
export type Origin = 'user' | 'file' | 'web' | 'github' | 'mcp';

/** One turn of a conversation. The system prompt is not a message. */
export interface Message {
  role: 'user' | 'assistant';
  content: Block[];
  origin?: Origin;
}

/** A text block. */
export const text = (value: string): TextBlock => ({ type: 'text', text: value });

/** A user message with one text block. */
export const userMessage = (value: string): Message => ({ role: 'user', content: [text(value)], origin: 'user' });

/** The text blocks of a message or block list, joined by line breaks. */
export const textOf = (content: readonly Block[]): string =>
  content
    .filter((block) => block.type === 'text')
    .map((block) => block.text)
    .join('\n');

/** The tool calls of a block list, in the model's order. */
export const callsOf = (content: readonly Block[]): ToolCallBlock[] =>
  content.filter((block) => block.type === 'tool_call');

/** Where text from outside in a conversation came from; undefined when there is none. Then it is tainted. */
export const originOf = (messages: readonly Message[]): Origin | undefined => {
  for (const { origin, content } of messages) {
    if (origin !== undefined && origin !== 'user') return origin;
    for (const block of content)
      if (block.type === 'tool_result' && block.origin !== undefined && block.origin !== 'user') return block.origin;
  }
  return undefined;
};
