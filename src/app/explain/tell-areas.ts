import { visible } from '../../base/printable.ts';
import type { Plugin } from '../../core/plugin.ts';
import { factsText } from '../../engine/explain/facts-text.ts';
import { proseSchema, withProse } from '../../engine/explain/check-prose.ts';
import type { Explained } from '../../engine/explain/explained.ts';
import type { Env } from '../../host/paths.ts';
import { countTokens } from '../../host/tokens.ts';
import { openConsultant } from '../consult.ts';

/** Tokens of facts a model is sent. */
export const maxFactTokens = 6000;

/** A model's sentences for each area, those left out that name what the facts do not. @throws CopilotError of the provider */
export const tellAreas = async (
  explained: Explained,
  place: { env: Env; root: string; plugins: readonly Plugin[]; model: string | undefined },
  signal: AbortSignal,
): Promise<{ explained: Explained; notices: string[] }> => {
  const consultant = await openConsultant(
    {
      ...{ env: place.env, cwd: place.root, plugins: place.plugins, title: `explanation of ${explained.title}` },
      ...(place.model !== undefined && { flags: { model: place.model } }),
    },
    signal,
  );
  if (!consultant)
    return {
      explained,
      // Who did not name one did not ask for it either.
      notices:
        place.model === undefined ? [] : ['No model is set up, so these are the facts alone. See: llm-copilot doctor'],
    };
  try {
    let facts = '';
    for (const detail of [40, 15, 5, 0]) {
      facts = visible(factsText(explained, detail));
      if ((await countTokens(facts)) <= maxFactTokens) break;
    }
    while ((await countTokens(facts)) > maxFactTokens) facts = facts.slice(0, Math.floor(facts.length * 0.8));
    const fence = '`'.repeat(Math.max(3, ...(facts.match(/`{3,}/g) ?? []).map((run) => run.length + 1)));
    const answer = await consultant.ask({
      agent: 'diff-explainer',
      text: `Explain this change, area by area.\n\n${fence}\n${facts}\n${fence}`,
      schema: proseSchema,
    });
    const told = withProse(explained, answer);
    return {
      explained: told.explained,
      notices: [
        ...consultant.notices,
        ...(told.dropped.length > 0
          ? [`${told.dropped.length} of the model's sentences were dropped: they name what the change does not have.`]
          : []),
      ],
    };
  } finally {
    await consultant.close();
  }
};
