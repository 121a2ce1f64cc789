import { createHmac } from 'node:crypto';
import type { Label } from '../base/redact/redactor.ts';
import { visible, withoutEscapes } from '../base/printable.ts';
import type { Message } from '../core/message.ts';
import type { ModelProvider } from '../core/provider.ts';
import { redacted, type Redact } from '../base/redact/redactor.ts';
import { ToolError } from '../core/tool.ts';

const placeholder = /\[redacted:[a-z0-9-]+:[0-9a-f]{8}\]/g;
const mark = /\[U\+[0-9A-F]{4,6}\]/g;
// Text that only looks like one of them, as in a file about this program.
const lookalike = /\[(?=U\+[0-9A-F]{4,6}\]|redacted:[a-z0-9-]+:[0-9a-f]{8}\])/g;
const bracket = '[U+005B]';

/** What models are shown instead of secrets and hidden characters, and what stands behind it. */
export interface Placeholders {
  /** Names a secret: the same one always gets the same name. */
  readonly label: Label;
  /**
   * Text with its hidden characters shown as marks such as `[U+202E]`. In text as it is in files, what looks like a mark or
   * the name of a secret begins with `[U+005B]` instead of the bracket, so that it is put back as it was.
   */
  show(text: string, isFromFiles?: boolean): string;
  /** True for a value that carries the name of a secret somewhere. */
  carries(value: unknown): boolean;
  /** A value with secrets and hidden characters put back. @throws ToolError for the name of a secret never seen here. */
  restore<T>(value: T): T;
}

/**
 * @param key names are an HMAC under it: stable for a user, so that a resumed session can go on with them, and no way to
 * try out what a short secret may have been.
 * @param onRestored hears of every secret that is put back.
 */
export const placeholders = (key: Uint8Array, onRestored: (value: string) => void = () => undefined): Placeholders => {
  const known = new Map<string, string>([[bracket, '[']]);
  const nameOf = new Map<string, string>();
  const putBack = (text: string): string =>
    text
      .replace(placeholder, (name) => {
        const value = known.get(name);
        if (value === undefined)
          throw new ToolError(`${name} stands for a secret not seen in this run; read the file it is in first`);
        onRestored(value);
        return value;
      })
      .replace(mark, (name) => known.get(name) ?? name);
  return {
    label: (rule, value) => {
      // Whatever it is recognised by later, it keeps its name.
      const given = nameOf.get(value);
      if (given !== undefined) return given;
      const name = `[redacted:${rule}:${createHmac('sha256', key).update(value).digest('hex').slice(0, 8)}]`;
      known.set(name, value);
      nameOf.set(value, name);
      return name;
    },
    show: (raw, isFromFiles = false) => {
      // Escape sequences go first: without them something may look like a mark.
      const text = isFromFiles ? withoutEscapes(raw).replace(lookalike, bracket) : raw;
      const shown = visible(text);
      if (shown !== text)
        for (const [name] of shown.matchAll(mark)) {
          const code = parseInt(name.slice(3), 16);
          const char = code > 0x10ffff ? '' : String.fromCodePoint(code);
          // Others look like marks and are none.
          if (char !== '' && visible(char) === name) known.set(name, char);
        }
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
    alternatives: () => provider.alternatives?.() ?? [provider.capabilities()],
    stream: (request, signal) =>
      provider.stream(
        { ...request, system: redact(request.system), messages: request.messages.map(cleanOnce) },
        signal,
      ),
  };
};
