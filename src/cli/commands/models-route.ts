import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import { printable, printableName } from '../../base/printable.ts';
import type { RankedModel, RouteReport } from '../../app/models/route-report.ts';
import type { Cli } from '../io.ts';

interface Flags {
  needs?: string;
  context: number;
  output: number;
  models?: string;
  strategy?: string;
  explain?: boolean;
  json?: boolean;
}

const wholeNumber =
  (flag: string) =>
  (value: string): number => {
    const number = Number(value.replaceAll('_', ''));
    if (!Number.isSafeInteger(number) || number < 0 || value.trim() === '')
      throw usageError(`${flag} takes a whole number of tokens, not "${value}".`);
    return number;
  };

const words = (list: string | undefined): string[] =>
  (list ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

const cost = ({ costUsd }: RankedModel): string => (costUsd === null ? 'price unknown' : `$${costUsd.toFixed(4)}`);

const explained = ({ strategy, needs, inputTokens, outputTokens, candidates }: RouteReport): string => {
  const names = candidates.map(({ model }) => printableName(model));
  const width = names.reduce((most, { length }) => Math.max(most, length), 0);
  const lines = candidates.flatMap((one, place) => [
    `${String(place + 1).padStart(2)}. ${(names[place] ?? '').padEnd(width)}  ${cost(one).padStart(13)}  ${one.fits ? 'fits' : 'does not fit'}: ${one.why.join(', ')}${one.hasKey ? '' : ' (no key)'}`,
    ...one.losses.map(
      ({ code, severity, path, message }) => `      ${severity} ${code} ${path}: ${printable(message)}`,
    ),
  ]);
  return [
    `${strategy}: ${inputTokens} tokens in, at most ${outputTokens} out${needs.length > 0 ? `, needs ${needs.join(', ')}` : ''}`,
    ...lines,
  ].join('\n');
};

/** `llm-copilot models route`. */
export const modelsRouteCommand = (models: Command, cli: Cli): void => {
  const { io } = cli;
  models
    .command('route')
    .description('which model would be asked for a request, and why')
    .option('--needs <list>', 'what it must be able to do: images,tools,thinking,json-schema,…')
    .option('--context <tokens>', 'input tokens of the request', wholeNumber('--context'), 10_000)
    .option('--output <tokens>', 'output tokens at most', wholeNumber('--output'), 4096)
    .option('--models <list>', 'these models instead of the configured ones: provider/model,…')
    .option('--strategy <name>', 'this strategy instead of the configured one')
    .option('--explain', 'all candidates in order, with losses, price and why')
    .option('--json', 'as JSON')
    .action(async (flags: Flags) => {
      const models = flags.models === undefined ? undefined : words(flags.models);
      if (models?.length === 0) throw usageError('--models names no model.', 'It takes a list: provider/model,…');
      const { routeReport } = await import('../../app/models/route-report.ts');
      const report = await routeReport(io.env, io.cwd, cli.plugins, {
        needs: words(flags.needs),
        inputTokens: flags.context,
        outputTokens: flags.output,
        models,
        strategy: flags.strategy,
      });
      if (flags.json) return void io.stdout.write(`${JSON.stringify(report)}\n`);
      for (const notice of report.notices) io.stderr.write(`llm-copilot: ${printable(notice)}\n`);
      const [first] = report.candidates;
      const text = flags.explain ? explained(report) : printableName(first?.model ?? '');
      io.stdout.write(`${text}\n`);
    });
};
