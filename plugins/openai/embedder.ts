import { ProviderError, type Embedder, type PluginHost } from 'llm-copilot-agent';
import type { Service } from './errors.ts';
import type { Preset } from './presets.ts';
import { serverOf } from './server.ts';

/** One vector as it came: a list of numbers, or their 32-bit floats (little-endian) as base64. */
const vectorOf = (sent: unknown): number[] | undefined => {
  const numbers =
    typeof sent === 'string' ? floatsIn(Buffer.from(sent, 'base64')) : Array.isArray(sent) ? (sent as unknown[]) : [];
  const isVector = numbers.length > 0 && numbers.every((one) => typeof one === 'number' && Number.isFinite(one));
  return isVector ? (numbers as number[]) : undefined;
};

const floatsIn = (bytes: Buffer): number[] =>
  bytes.length % 4 === 0 ? Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at)) : [];

const isTable = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const malformed = (service: Service, what: string): ProviderError =>
  new ProviderError('malformed', `${service.name} sent ${what}`);

/** The vectors of an answer in the order of the texts. @throws ProviderError `malformed` */
const vectorsIn = (service: Service, body: unknown, count: number): number[][] => {
  const data = isTable(body) && Array.isArray(body.data) ? (body.data as unknown[]) : [];
  if (data.length !== count) throw malformed(service, `${data.length} vectors for ${count} texts`);
  const vectors: (number[] | undefined)[] = Array<undefined>(count).fill(undefined);
  for (const [position, item] of data.entries()) {
    const index = isTable(item) && typeof item.index === 'number' ? item.index : position;
    if (!(index in vectors) || vectors[index])
      throw malformed(service, `a vector for a text that was not asked: ${index}`);
    vectors[index] = vectorOf(isTable(item) ? item.embedding : undefined);
    if (!vectors[index]) throw malformed(service, `something that is no vector for text ${index}`);
  }
  const whole = vectors.filter((vector) => vector !== undefined);
  if (whole.some((vector) => vector.length !== whole[0]?.length))
    throw malformed(service, 'vectors of several lengths');
  return whole;
};

const tokensIn = (body: unknown): number | undefined => {
  const usage = isTable(body) && isTable(body.usage) ? body.usage : {};
  const tokens = usage.prompt_tokens ?? usage.total_tokens;
  return typeof tokens === 'number' && tokens >= 0 ? tokens : undefined;
};

/** Texts to vectors at `/embeddings`, in as many calls as it takes. @throws ProviderError `auth` when a key is missing. */
export const embedder = (host: PluginHost, preset: Preset, model: string): Embedder => {
  const server = serverOf(host, preset, model);
  const { service } = server;
  const { maxBatch = 1, base64 = false } = preset.embeddings ?? {};
  const ask = async (texts: readonly string[], signal: AbortSignal): Promise<unknown> => {
    const watch = server.watch(signal);
    try {
      const body = {
        model,
        // Empty texts are refused.
        input: texts.map((text) => (text === '' ? ' ' : text)),
        // A quarter of the bytes; not everybody knows it.
        ...(base64 && { encoding_format: 'base64' }),
      };
      return await (await server.api).embeddings(body, watch);
    } finally {
      watch.close();
    }
  };
  return {
    name: `${preset.name}/${model}`,
    maxBatch,
    embed: async (texts, signal) => {
      const vectors: number[][] = [];
      let inputTokens: number | undefined;
      for (let start = 0; start < texts.length; start += maxBatch) {
        const batch = texts.slice(start, start + maxBatch);
        const body = await ask(batch, signal);
        for (const vector of vectorsIn(service, body, batch.length)) vectors.push(vector);
        const tokens = tokensIn(body);
        if (tokens !== undefined) inputTokens = (inputTokens ?? 0) + tokens;
      }
      if (vectors.some((vector) => vector.length !== vectors[0]?.length))
        throw malformed(service, 'vectors of several lengths');
      return { vectors, ...(inputTokens !== undefined && { inputTokens }) };
    },
  };
};
