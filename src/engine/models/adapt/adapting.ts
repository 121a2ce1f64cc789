import { messageOf } from '../../../base/errors.ts';
import { refusedBy, worstOf, type Loss, type LossMode } from '../../../core/loss.ts';
import { ProviderError, type ModelProvider, type Request } from '../../../core/provider.ts';
import type { Candidate, Transform } from '../../../core/route.ts';
import { adapt, emulatesTools } from './adapt.ts';
import { emulatedReply } from './emulated-reply.ts';

const incompatible = (message: string, hint: string, cause?: unknown): ProviderError =>
  new ProviderError('incompatible', message, { hint, cause });

/** Shown of a refusal's losses. */
const mostShown = 5;

const refusal = (model: string, refused: readonly Loss[]): ProviderError => {
  const shown = refused.slice(0, mostShown).map(({ message, path }) => `${message.replace(/\.$/, '')} (${path})`);
  const more = refused.length > mostShown ? [`and ${refused.length - mostShown} more`] : [];
  return incompatible(
    `${model} would lose too much of this request: ${[...shown, ...more].join('; ')}.`,
    worstOf(refused) === 'critical'
      ? 'Choose another model: no setting of lossiness lets this through.'
      : 'Choose another model, or let it be lost: lossiness: warn in the configuration.',
  );
};

const transformed = (
  request: Request,
  model: Candidate,
  transforms: readonly Transform[],
): { request: Request; losses: Loss[] } => {
  const losses: Loss[] = [];
  let current = request;
  for (const [index, transform] of transforms.entries()) {
    try {
      const step = transform(current, model);
      losses.push(...step.losses);
      if (!Array.isArray(step.request.messages) || !Array.isArray(step.request.tools))
        throw new TypeError('it gave back no request');
      current = step.request;
    } catch (error) {
      const name = transform.name || `number ${index + 1}`;
      throw incompatible(
        `The step "${name}" on requests failed: ${messageOf(error)}`,
        'It comes from a plugin: mend that, or go on without it.',
        error,
      );
    }
  }
  return { request: current, losses };
};

/**
 * Fits requests to a provider's model, tells what is lost before anything else, and reads emulated tool calls out of the
 * answer. `transforms` come first, in their order.
 * @throws ProviderError `incompatible` when the mode does not allow the losses, or a transform fails.
 */
export const adapting = (
  provider: ModelProvider,
  options: { mode: LossMode; transforms?: readonly Transform[] },
): ModelProvider => ({
  get name() {
    return provider.name;
  },
  capabilities: () => provider.capabilities(),
  async *stream(request, signal) {
    const model = { name: provider.name, capabilities: provider.capabilities() };
    const stepped = transformed(request, model, options.transforms ?? []);
    const fitted = adapt(stepped.request, model);
    const losses = [...stepped.losses, ...fitted.losses];
    const refused = refusedBy(options.mode, losses);
    if (refused.length > 0) throw refusal(model.name, refused);
    if (losses.length > 0) yield { type: 'losses', model: model.name, losses };
    return emulatesTools(stepped.request, model)
      ? yield* emulatedReply(provider, fitted.request, stepped.request.messages, signal)
      : yield* provider.stream(fitted.request, signal);
  },
});
