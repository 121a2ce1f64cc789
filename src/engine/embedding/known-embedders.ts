/** What is known of a model that embeds texts. */
export interface EmbedderFacts {
  /** Longest text in UTF-16 code units: its tokens times three, for code has about that many to a token. */
  textChars: number;
  /** All texts of one call together. */
  batchChars: number;
  /** USD per million tokens; undefined where it is not known. */
  inputPerMTok?: number;
}

const charsPerToken = 3;
const tokens = (text: number, batch: number, inputPerMTok?: number): EmbedderFacts => ({
  textChars: text * charsPerToken,
  batchChars: batch * charsPerToken,
  ...(inputPerMTok === undefined ? {} : { inputPerMTok }),
});

// Limits as the references of OpenAI (8,192 tokens a text, 300,000 a call), Gemini (2,048 a text) and Mistral (8,192 a text,
// 16,384 a call) are quoted by price lists and client libraries read on 2026-11-27; Ollama's are its models' usual ones.
// Prices are from the same lists and may be out of date: tables and configuration say better.
const known: Readonly<Record<string, EmbedderFacts>> = {
  'openai/text-embedding-3-small': tokens(8192, 250_000, 0.02),
  'openai/text-embedding-3-large': tokens(8192, 250_000, 0.13),
  'openai/text-embedding-ada-002': tokens(8192, 250_000, 0.1),
  'gemini/gemini-embedding-001': tokens(2048, 100_000, 0.15),
  'mistral/mistral-embed': tokens(8192, 12_000, 0.1),
  'mistral/codestral-embed': tokens(8192, 12_000, 0.15),
  'ollama/nomic-embed-text': tokens(2048, 60_000),
  'ollama/mxbai-embed-large': tokens(512, 30_000),
};

/** Little, so that nothing is sent that could be refused. */
const unknown = tokens(2048, 12_000);

/** What is known of `provider/model`; little is taken to be true where nothing is. */
export const embedderFacts = (name: string): EmbedderFacts => {
  // Ollama's name of the newest version of a model.
  const key = [name, name.replace(/:latest$/, '')].find((one) => Object.hasOwn(known, one));
  return (key === undefined ? undefined : known[key]) ?? unknown;
};

/** The models known of a provider. */
export const knownModels = (provider: string): string[] =>
  Object.keys(known).flatMap((name) => (name.startsWith(`${provider}/`) ? [name.slice(provider.length + 1)] : []));
