import { configError } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import type { RateLimits } from '../../core/capabilities.ts';

/** Limits of plans by name. Providers change them and set them per account: what their answers say comes on top. */
export const rateLimitPresets: Readonly<Record<string, RateLimits>> = {
  // Long the limit of accounts without credit; the guide (https://developers.openai.com/api/docs/guides/rate-limits,
  // read 2026-11-27) now shows limits per model on each account's own page.
  'openai-free': { requests_per_minute: 3 },
  // https://console.groq.com/docs/rate-limits, read 2026-11-27; tokens as for gpt-oss, some models have more.
  'groq-free': { requests_per_minute: 30, requests_per_day: 1000, tokens_per_minute: 8000 },
  // https://help.mistral.ai/en/articles/225174-what-are-the-limits-of-the-free-tier, read 2026-11-27.
  'mistral-free': { requests_per_minute: 60, tokens_per_minute: 500_000 },
  // https://openrouter.ai/docs/guides/routing/model-variants/free, read 2026-11-27: models that end in `:free`.
  'openrouter-free': { requests_per_minute: 20, requests_per_day: 50 },
  'openrouter-free-with-credits': { requests_per_minute: 20, requests_per_day: 1000 },
};

/** Limits as they are written: a preset's name, or the limits themselves. */
export type RateLimitSetting = string | { [Name in keyof RateLimits]?: RateLimits[Name] | undefined };

/** The limits a setting of `rateLimits` means. @throws CopilotError exit 3 for an unknown preset, naming the nearest. */
export const limitsOf = (setting: RateLimitSetting): RateLimits => {
  if (typeof setting !== 'string')
    return Object.fromEntries(Object.entries(setting).filter(([, limit]) => limit !== undefined));
  const preset = Object.hasOwn(rateLimitPresets, setting) ? rateLimitPresets[setting] : undefined;
  if (preset) return preset;
  const names = Object.keys(rateLimitPresets);
  const guess = nearest(setting, names);
  throw configError(
    `rateLimits: there is no preset "${setting}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
    `Presets: ${names.join(', ')}. Or give the limits: { requests_per_minute: 60 }.`,
  );
};
