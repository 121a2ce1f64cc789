import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { printableName } from '../../base/printable.ts';
import type { Feature, ModelPrice } from '../../core/capabilities.ts';
import type { ModelRow, ProviderRow } from '../../app/models/model-catalog.ts';
import type { ModelImport } from '../../app/models/import-models.ts';
import { columns } from '../columns.ts';
import type { Cli } from '../io.ts';
import { modelsRouteCommand } from './models-route.ts';
import { modelsTokensCommand } from './models-tokens.ts';

/** Features that tell models apart, in one word. */
const featureWords: readonly (readonly [Feature, string])[] = [
  ['tool_use', 'tools'],
  ['parallel_tool_use', 'parallel'],
  ['json_mode', 'json'],
  ['json_schema', 'schema'],
  ['thinking', 'thinking'],
  ['prompt_caching', 'caching'],
];

/** 1050000 is 1.05M, 200000 is 200k. */
const short = (count: number): string =>
  count >= 1e6 ? `${Number((count / 1e6).toFixed(2))}M` : count >= 1000 ? `${Math.round(count / 1000)}k` : `${count}`;

const money = (usd: number): string => `$${usd}`;

const price = (one: ModelPrice | null): [string, string] =>
  one === null
    ? ['unknown', '']
    : one.inputPerMTok === 0 && one.outputPerMTok === 0
      ? ['free', '']
      : [money(one.inputPerMTok), money(one.outputPerMTok)];

const yesOrNo = (key: boolean | null): string => (key === null ? '-' : key ? 'yes' : 'no');

const until = (day: string | null): string =>
  day === null ? '' : `${Date.parse(day) > Date.now() ? 'until' : 'gone since'} ${day}`;

const listed = (rows: readonly ModelRow[]): string =>
  columns(
    [
      ['model', 'window', 'output', '$/M in', '$/M out', 'key', 'can', ''],
      ...rows.map((row) => [
        printableName(`${row.provider}/${row.model}`),
        short(row.contextWindow),
        short(row.maxOutputTokens),
        ...price(row.price),
        yesOrNo(row.key),
        [
          ...(row.images ? ['images'] : []),
          ...featureWords.flatMap(([feature, word]) => (row.features.includes(feature) ? [word] : [])),
        ].join(' '),
        until(row.deprecationDate),
      ]),
    ],
    new Set([1, 2, 3, 4]),
  );

/** What stands under the list: providers whose models are somebody else's, or anybody's. */
const remark = ({ provider, table, isOpen, key, keyEnv }: ProviderRow): string | undefined => {
  const needs = key === false ? ` (needs ${keyEnv.join(' or ')})` : '';
  if (table !== provider && !isOpen) return `${provider}: the models of ${table}${needs}`;
  return isOpen ? `${provider}: whatever it serves${needs}` : undefined;
};

const shown = (value: unknown): string => printableName(typeof value === 'string' ? value : JSON.stringify(value));

const priceLine = (one: ModelPrice | null): string =>
  one === null
    ? 'price today: unknown, so budgets in USD refuse it'
    : `price today, per million tokens: input ${money(one.inputPerMTok)}, output ${money(one.outputPerMTok)}, cache read ${money(one.cacheReadPerMTok)}, cache write ${money(one.cacheWritePerMTok)}`;

/** A name that was refused may be of any length. */
const clipped = (name: string): string => printableName(name.length > 80 ? `${name.slice(0, 80)}…` : name);

const importLines = ({ format, tables, broken, ignored }: ModelImport, isDryRun: boolean): string[] => [
  `${format}:`,
  ...tables.map(
    ({ table, file, added, changed, unchanged }) =>
      `  ${table}: ${added.length} added, ${changed.length} changed, ${unchanged} as before${
        added.length + changed.length === 0
          ? ''
          : isDryRun
            ? ` (nothing was written; it would go to ${file})`
            : ` → ${file}`
      }`,
  ),
  ...(broken.length > 0
    ? [
        `  ${broken.length} skipped, because a part of them is not what it should be: ${broken.slice(0, 5).map(clipped).join(', ')}${broken.length > 5 ? ', …' : ''}`,
      ]
    : []),
  ...(ignored > 0 ? [`  ${ignored} of other providers or kinds left out`] : []),
];

/** `llm-copilot models list|show|compare|import|export`. */
export const modelsCommand = (program: Command, cli: Cli): void => {
  const { io, plugins } = cli;
  const models = program.command('models').description('what is known of models: limits, features, prices');
  const print = (text: string): unknown => io.stdout.write(`${text}\n`);
  const say = (text: string): unknown => io.stderr.write(`llm-copilot: ${printableName(text)}\n`);
  /** With the user's own tables of these models' providers; of all without names. */
  const open = async (...names: (string | undefined)[]) => {
    const catalog = await import('../../app/models/model-catalog.ts');
    const named = names.flatMap((name) => name?.split('/', 1) ?? []);
    const providers = named.length > 0 ? named : undefined;
    return { ...catalog, catalog: await catalog.openCatalog(io.env, realpathSync(io.cwd), plugins, providers) };
  };

  models
    .command('list')
    .description('every known model')
    .option('--provider <name>', 'of one provider only')
    .option('--json', 'as JSON')
    .action(async (flags: { provider?: string; json?: boolean }) => {
      const { catalog, listModels } = await open(flags.provider);
      const list = listModels(catalog, flags.provider);
      if (flags.json) return void print(JSON.stringify(list));
      if (list.models.length > 0) print(listed(list.models));
      const remarks = list.providers.flatMap((provider) => remark(provider) ?? []);
      if (remarks.length > 0) print(`\n${remarks.join('\n')}`);
    });

  models
    .command('show <model>')
    .description('all that is known of a model, and where from')
    .option('--json', 'as JSON')
    .action(async (name: string, flags: { json?: boolean }) => {
      const { catalog, showModel, flatManifest } = await open(name);
      const model = showModel(catalog, name);
      if (flags.json) return void print(JSON.stringify(model));
      if (model.notice !== undefined) say(model.notice);
      print(printableName(model.model));
      print(priceLine(model.price));
      const { deprecation_date: end } = model.capabilities;
      if (end !== undefined) print(`served ${until(end)}`);
      print(
        `\n${columns(flatManifest(model.capabilities).map(([path, value]) => [printableName(path), model.origins[path] ?? '', shown(value)]))}`,
      );
      for (const { file, source, readAt } of model.sources)
        print(`\n${file}, read ${readAt}: ${printableName(source)}`);
    });

  models
    .command('compare <from> <to>')
    .description('what a switch from one model to another loses')
    .option('--json', 'as JSON')
    .action(async (from: string, to: string, flags: { json?: boolean }) => {
      const { catalog, compareModels } = await open(from, to);
      const { notices, ...comparison } = compareModels(catalog, from, to);
      if (flags.json) return void print(JSON.stringify(comparison));
      for (const notice of notices) say(notice);
      const { lossiness_report: report } = comparison;
      const lines = (title: string, rows: readonly (readonly string[])[]): void => {
        if (rows.length > 0) print(`\n${title}\n${columns(rows.map((row) => [' ', ...row]))}`);
      };
      print(`${printableName(comparison.source)} → ${printableName(comparison.target)}`);
      print(`lost: ${report.is_lossy ? `${report.severity} (${report.lossiness_types.join(', ')})` : 'nothing'}`);
      lines(
        'missing',
        comparison.missing_capabilities.map((name) => [name]),
      );
      lines(
        'less of it',
        comparison.constrained_capabilities.map(({ capability, source_value, target_value, impact }) => [
          capability,
          `${source_value === null ? 'no known limit' : shown(source_value)} → ${shown(target_value)}`,
          impact,
        ]),
      );
      lines(
        'more',
        comparison.additional_capabilities.map((name) => [name]),
      );
      lines(
        'what to do',
        report.recommendations.map((text) => [text]),
      );
    });

  modelsRouteCommand(models, cli);
  modelsTokensCommand(models, cli);

  models
    .command('import <file>')
    .description("take over limits and prices from models.dev's api.json or LiteLLM's price file")
    .option('--provider <name>', 'of one provider only')
    .option('--dry-run', 'only say what would change')
    .action(async (file: string, flags: { provider?: string; dryRun?: boolean }) => {
      const [{ catalog }, { importCatalog }] = await Promise.all([
        open(flags.provider),
        import('../../app/models/import-models.ts'),
      ]);
      const done = await importCatalog(catalog, resolve(io.cwd, file), {
        only: flags.provider,
        isDryRun: flags.dryRun,
      });
      for (const line of importLines(done, flags.dryRun === true)) print(line);
    });

  models
    .command('export')
    .description('write what is known in the format of one of these lists')
    .addOption(new Option('--format <name>', 'which one').choices(['litellm', 'models.dev']).default('litellm'))
    .option('--provider <name>', 'of one provider only')
    .action(async (flags: { format: 'litellm' | 'models.dev'; provider?: string }) => {
      const { catalog, exportCatalog } = await open(flags.provider);
      print(JSON.stringify(exportCatalog(catalog, flags.format, flags.provider), null, 2));
    });
};
