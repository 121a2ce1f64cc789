import { parameterNames, type ParameterName } from '../../../core/capabilities.ts';
import type { Request } from '../../../core/provider.ts';
import type { Profile } from './profile.ts';
import type { Report } from './report.ts';

type Parameters = NonNullable<Request['parameters']>;

const isParameter = (name: string): name is ParameterName => parameterNames.some((known) => known === name);

const fitParameters = (parameters: Parameters, { name: model, capabilities }: Profile, report: Report): Parameters => {
  const kept: Partial<Record<ParameterName, number>> = {};
  for (const [name, value] of Object.entries(parameters)) {
    const path = `$.parameters.${name}`;
    const drop = (code: 'Drop' | 'Conflict', message: string) =>
      report.add({ code, severity: 'warning', message, before: value }, path);
    const support = isParameter(name) ? capabilities.parameters[name] : undefined;
    if (!isParameter(name) || !support?.supported) {
      drop('Drop', `${model} does not take ${name}.`);
      continue;
    }
    if (!Number.isFinite(value)) {
      drop('Drop', `${name} is not a number.`);
      continue;
    }
    const rival = capabilities.constraints.mutually_exclusive
      .filter((set) => set.includes(name))
      .flatMap((set) => set.filter((other) => other !== name && other in kept))[0];
    if (rival !== undefined) {
      drop('Conflict', `${model} takes ${rival} or ${name}, not both; ${rival} was given first.`);
      continue;
    }
    const { min = -Infinity, max = Infinity } = support;
    const clamped = Math.min(max, Math.max(min, value));
    kept[name] = clamped;
    if (clamped !== value)
      report.add(
        {
          code: 'Clamp',
          severity: 'warning',
          message: `${model} takes ${name} from ${min} to ${max}.`,
          before: value,
          after: clamped,
        },
        path,
      );
  }
  const names = Object.keys(parameters);
  const isSame =
    names.length === Object.keys(kept).length &&
    names.every((name) => isParameter(name) && kept[name] === parameters[name]);
  return isSame ? parameters : kept;
};

/** Brings parameters, seed, stop sequences, the output cap and parallel calls within what a model takes. */
export const fitSampling = (request: Request, profile: Profile, report: Report): Request => {
  const { name, capabilities } = profile;
  const { features, constraints } = capabilities;
  let fitted = request;
  if (fitted.parameters) {
    const parameters = fitParameters(fitted.parameters, profile, report);
    if (parameters !== fitted.parameters) fitted = { ...fitted, parameters };
  }
  if (fitted.seed !== undefined && !features.seed_support) {
    const { seed, ...rest } = fitted;
    report.add({ code: 'Drop', severity: 'warning', message: `${name} takes no seed.`, before: seed }, '$.seed');
    fitted = rest;
  }
  if (fitted.stop !== undefined && !features.stop_sequences) {
    const { stop, ...rest } = fitted;
    if (stop.length > 0)
      report.add({ code: 'Drop', severity: 'warning', message: `${name} takes no stop sequences.` }, '$.stop');
    fitted = rest;
  }
  const most = constraints.tokens.max_output_tokens;
  if (fitted.maxOutputTokens > most) {
    const before = fitted.maxOutputTokens;
    const message = `${name} writes at most ${most} tokens.`;
    report.add({ code: 'Clamp', severity: 'info', message, before, after: most }, '$.maxOutputTokens');
    fitted = { ...fitted, maxOutputTokens: most };
  }
  return fitted;
};
