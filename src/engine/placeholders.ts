import { createHmac } from 'node:crypto';
import type { Label } from '../base/redact/redactor.ts';
import { visible } from '../base/printable.ts';
import type { Message } from '../core/message.ts';
import type { ModelProvider } from '../core/provider.ts';
import { redacted, type Redact } from '../base/redact/redactor.ts';
import { ToolError } from '../core/tool.ts';

const placeholder = /\[redacted:[a-z0-9-]+:[0-9a-f]{8}\]/g;
const mark = /\[U\+[0-9A-F]{4,6}\]/g;

/** What models are shown instead of secrets and hidden characters, and what stands behind it. */
export interface Placeholders {
  /** Names a secret: the same one always gets the same name. */
  readonly label: Label;
  /** Text with its hidden characters shown as marks such as `[U+202E]`. */
  show(text: string): string;
  /** True for a value that carries the name of a secret somewhere. */
  carries(value: unknown): boolean;
  /** A value with secrets and hidden characters put back. @throws ToolError for the name of a secret never seen here. */
  restore<T>(value: T): T;
}

/**
 * @param key names are an HMAC under it: stable for a user, so that a resumed session can go on with them, and no way to
 * try out what a short secret may have been.
 */
export const placeholders = (key: Uint8Array): Placeholders => {
  const known = new Map<string, string>();
  const putBack = (text: string): string =>
    text
      .replace(placeholder, (name) => {
        const value = known.get(name);
        if (value === undefined)
          throw new ToolError(`${name} stands for a secret not seen in this run; read the file it is in first`);
        return value;
      })
      .replace(mark, (name) => known.get(name) ?? name);
  return {
    label: (rule, value) => {
      const name = `[redacted:${rule}:${createHmac('sha256', key).update(value).digest('hex').slice(0, 8)}]`;
      known.set(name, value);
      return name;
    },
    show: (text) => {
      const shown = visible(text);
      if (shown !== text)
        for (const [name] of shown.matchAll(mark)) known.set(name, String.fromCodePoint(parseInt(name.slice(3), 16)));
      return shown;
    },
    carries: (value) => {
      const text = JSON.stringify(value) as string | undefined;
      return text !== undefined && text.search(placeholder) >= 0;
    },
    restore: (value) => redacted(value, putBack),
  };
};

const clean = (message: Message, redact: Redact): Message => {
  // Reasoning is signed by the provider it came from and goes back to it alone; pictures are no text.
  const content = message.content.map((block) => {
    if (block.type === 'thinking' || block.type === 'image') return block;
    let hits = 0;
    const kept = redacted(block, (text) => {
      const clean = redact(text);
      if (clean !== text) hits += 1;
      return clean;
    });
    return hits > 0 ? kept : block;
  });
  return content.some((block, index) => block !== message.content[index]) ? { ...message, content } : message;
};

/** Takes secrets out of what is sent to a model. Each message is looked at once; one without a secret is sent as it is. */
export const withoutSecrets = (provider: ModelProvider, redact: Redact): ModelProvider => {
  const cleaned = new WeakMap<Message, Message>();
  const cleanOnce = (message: Message): Message => {
    const known = cleaned.get(message);
    if (known) return known;
    const made = clean(message, redact);
    cleaned.set(message, made);
    return made;
  };
  return {
    get name() {
      return provider.name;
    },
    capabilities: () => provider.capabilities(),
    stream: (request, signal) =>
      provider.stream(
        { ...request, system: redact(request.system), messages: request.messages.map(cleanOnce) },
        signal,
      ),
  };
};
