import type { Request, ToolSpec } from '../../../core/provider.ts';
import { isClosed } from './closed-schema.ts';
import type { Profile } from './profile.ts';
import type { Report } from './report.ts';
import { toolPrompt } from './tool-protocol.ts';

/** One list for all, so that a request can be known again by it. */
const noTools: readonly ToolSpec[] = [];

const fitTools = (request: Request, { name, emulatesTools, capabilities }: Profile, report: Report): Request => {
  const { tools, system, parallelTools } = request;
  let fitted = request;
  if (parallelTools !== undefined && !capabilities.features.parallel_tool_use) {
    const { parallelTools: _dropped, ...rest } = request;
    if (parallelTools) {
      const message = `${name} calls one tool at a time: what could be done at once takes more turns.`;
      report.add({ code: 'PerformanceImpact', severity: 'info', message }, '$.parallelTools');
    }
    fitted = rest;
  }
  if (!emulatesTools || tools.length === 0) return fitted;
  const message = `${name} has no tools: they are described in its prompt, and its calls are read from its text.`;
  report.add({ once: 'tools', code: 'Emulate', severity: 'warning', message }, '$.tools');
  return { ...fitted, tools: noTools, system: system + toolPrompt(tools, parallelTools !== false) };
};

const formPrompt = (output: NonNullable<Request['output']>): string =>
  output.type === 'json_schema'
    ? `\n\nAnswer with JSON only, fitting this schema:\n${JSON.stringify(output.schema)}`
    : '\n\nAnswer with JSON only.';

const takes = ({ constraints }: Profile['capabilities'], schema: object): boolean =>
  constraints.json_schema !== 'closed' || isClosed(schema);

/** `isFree` says that nothing may be enforced: an enforced form would keep the model from writing calls. */
const fitOutput = (request: Request, { name, capabilities }: Profile, isFree: boolean, report: Report): Request => {
  const { output, ...rest } = request;
  if (output === undefined) return request;
  const { json_mode, json_schema } = capabilities.features;
  const takesSchema = json_schema && (output.type === 'json' || takes(capabilities, output.schema));
  if (!isFree && (output.type === 'json' ? json_mode : takesSchema)) return request;
  const isJson = json_mode && !isFree;
  const lacks = isFree
    ? `${name} has no tools, and a form it must keep to would forbid it to write calls`
    : output.type === 'json'
      ? `${name} has no JSON mode`
      : json_schema
        ? `${name} can be held only to schemas that say all about their objects`
        : `${name} cannot be held to a JSON schema`;
  report.add(
    {
      code: 'Emulate',
      severity: 'warning',
      message: `${lacks}: the prompt asks for it${isJson ? ', in JSON mode' : ''}.`,
    },
    '$.output',
  );
  return { ...rest, system: request.system + formPrompt(output), ...(isJson ? { output: { type: 'json' } } : {}) };
};

/** Tools and the form of the answer, in the prompt where the model knows no other way. */
export const fitPrompt = (request: Request, profile: Profile, report: Report): Request => {
  const tooled = fitTools(request, profile, report);
  return fitOutput(tooled, profile, tooled.tools !== request.tools, report);
};
