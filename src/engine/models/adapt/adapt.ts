import type { Loss } from '../../../core/loss.ts';
import type { Request } from '../../../core/provider.ts';
import type { Candidate } from '../../../core/route.ts';
import { fitMessages } from './fit-messages.ts';
import { fitPrompt } from './fit-prompt.ts';
import { fitSampling } from './fit-sampling.ts';
import { profileOf, type Profile } from './profile.ts';
import { report as newReport, type Report } from './report.ts';

const checkText = ({ name, capabilities: { modalities } }: Profile, report: Report): void => {
  if (modalities.input.includes('text') && modalities.output.includes('text')) return;
  const message = `${name} does not ${modalities.input.includes('text') ? 'answer with' : 'take'} text.`;
  report.add({ code: 'Unsupported', severity: 'critical', message }, '$.messages');
};

const fitSystemAndMessages = (request: Request, profile: Profile, report: Report): Request => {
  const { system } = request;
  const isMoved = !profile.capabilities.roles.system && system !== '';
  if (isMoved) {
    const message = `${profile.name} has no system prompt: it stands in front of the first message.`;
    report.add({ code: 'Relocate', severity: 'warning', message }, '$.system');
  }
  const messages = fitMessages(request.messages, isMoved ? system : undefined, profile, report);
  if (isMoved) return { ...request, system: '', messages };
  return messages === request.messages ? request : { ...request, messages };
};

/** True when a request's calls have to be read from the model's text. */
export const emulatesTools = (request: Request, model: Candidate): boolean =>
  request.tools.length > 0 && profileOf(model).emulatesTools;

/**
 * Fits a request to a model's manifest and says what is lost. The same request object comes back when nothing changes.
 * How a message is adapted depends only on what came before it, so a growing conversation keeps its beginning – but for
 * pictures over the model's number of them.
 */
export const adapt = (request: Request, model: Candidate): { request: Request; losses: Loss[] } => {
  const profile = profileOf(model);
  const report = newReport();
  checkText(profile, report);
  const sampled = fitSampling(request, profile, report);
  const prompted = fitPrompt(sampled, profile, report);
  return { request: fitSystemAndMessages(prompted, profile, report), losses: report.losses };
};
