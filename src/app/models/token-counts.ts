import type { Plugin } from '../../core/plugin.ts';
import type { Env } from '../../host/paths.ts';
import { countTokens, tokeniserOf } from '../../host/tokens.ts';
import { openCatalog, showModel } from './model-catalog.ts';
import { loadSettings } from '../settings.ts';

/** How many tokens texts are for a model. */
export interface TokenCounts {
  /** Null when none was named or configured: then o200k_base counts. */
  model: string | null;
  encoding: string;
  /** What the count in that encoding was multiplied by; 1 where the model's own encoding is known. */
  factor: number;
  /** Share by which the counts may be off, in either direction. */
  margin: number;
  contextWindow: number | null;
  texts: { name: string; tokens: number }[];
  total: number;
}

/** Counts texts for a model, the configured one when none is named. @throws CopilotError exit 3 */
export const tokenCounts = async (
  env: Env,
  root: string,
  plugins: readonly Plugin[],
  { model, texts }: { model?: string | undefined; texts: readonly { name: string; text: string }[] },
): Promise<TokenCounts> => {
  const wanted = model ?? (await loadSettings(env, root)).value.model;
  const shown = wanted === undefined ? undefined : showModel(await openCatalog(env, root, plugins), wanted);
  const { encoding, factor, margin } = shown
    ? tokeniserOf(shown.capabilities)
    : { encoding: 'o200k_base', factor: 1, margin: 0.05 };
  const counted: TokenCounts['texts'] = [];
  for (const { name, text } of texts)
    counted.push({ name, tokens: Math.round((await countTokens(text, encoding)) * factor) });
  return {
    model: shown?.model ?? null,
    encoding,
    factor,
    margin,
    contextWindow: shown?.capabilities.constraints.tokens.max_context_window ?? null,
    texts: counted,
    total: counted.reduce((sum, { tokens }) => sum + tokens, 0),
  };
};
