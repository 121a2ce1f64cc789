import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  capabilitiesFrom,
  features,
  parameterNames,
  type Capabilities,
  type Manifest,
  type Modality,
} from '../../../src/core/capabilities.ts';
import { compare } from '../../../src/engine/models/compare.ts';
import { lossinessSeverities } from '../../../src/engine/models/compare-constraints.ts';

const modalities: readonly Modality[] = ['text', 'image', 'audio', 'video', 'document'];
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const count = fc.integer({ min: 1, max: 2_000_000 });
const parameter = fc.record(
  {
    supported: fc.boolean(),
    min: fc.integer({ min: -2, max: 0 }),
    max: fc.integer({ min: 1, max: 2 }),
    default: fc.integer({ min: -2, max: 2 }),
  },
  { requiredKeys: ['supported'] },
);

/** Any manifest there can be. */
const anyModel: fc.Arbitrary<Capabilities> = fc
  .record({
    modalities: fc.record({
      input: fc.subarray([...modalities]),
      output: fc.subarray([...modalities]),
      configs: fc.record({
        image: fc.record(
          {
            formats: fc.subarray(['image/png', 'image/jpeg', 'image/gif']),
            max_size_bytes: count,
            max_images_per_request: count,
          },
          { requiredKeys: [] },
        ),
      }),
    }),
    features: fc.record(Object.fromEntries(features.map((name) => [name, fc.boolean()]))),
    parameters: fc.record(Object.fromEntries(parameterNames.map((name) => [name, parameter])), { requiredKeys: [] }),
    roles: fc.record({ system: fc.boolean(), tool: fc.boolean() }),
    constraints: fc.record({
      tokens: fc.record({ max_context_window: count, max_input_tokens: optional(count), max_output_tokens: count }),
      rate_limits: fc.record(
        {
          requests_per_minute: count,
          requests_per_day: count,
          tokens_per_minute: count,
          max_concurrent_requests: count,
        },
        { requiredKeys: [] },
      ),
      messages: fc.record({ allow_consecutive_same_role: fc.boolean() }),
      mutually_exclusive: fc.array(fc.subarray([...parameterNames], { minLength: 2, maxLength: 2 }), { maxLength: 2 }),
    }),
    extensions: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constant(true)),
  })
  .map((manifest) => capabilitiesFrom(manifest as Manifest));

const rank = (source: Capabilities, target: Capabilities): number =>
  lossinessSeverities.indexOf(compare(source, target).lossiness_report.severity);

const edited = (model: Capabilities, edit: Manifest): Capabilities => capabilitiesFrom(model, edit);

/** Ways to take something away from a model. */
const takeAway: readonly ((model: Capabilities) => Capabilities)[] = [
  ...modalities.map(
    (kind) => (model: Capabilities) =>
      edited(model, { modalities: { input: model.modalities.input.filter((one) => one !== kind) } }),
  ),
  ...features.map((feature) => (model: Capabilities) => edited(model, { features: { [feature]: false } })),
  ...parameterNames.map(
    (name) => (model: Capabilities) => edited(model, { parameters: { [name]: { supported: false } } }),
  ),
  ...parameterNames.map(
    (name) => (model: Capabilities) =>
      model.parameters[name]?.supported ? edited(model, { parameters: { [name]: { max: 0.5 } } }) : model,
  ),
  (model) => edited(model, { roles: { system: false } }),
  (model) => edited(model, { roles: { tool: false } }),
  (model) => ({ ...model, extensions: {} }),
  (model) => {
    const { max_context_window: window, max_output_tokens: output } = model.constraints.tokens;
    return edited(model, {
      constraints: {
        tokens: {
          max_context_window: Math.ceil(window / 3),
          max_output_tokens: Math.ceil(output / 3),
          max_input_tokens: 1,
        },
      },
    });
  },
  (model) => edited(model, { constraints: { rate_limits: { requests_per_minute: 1, max_concurrent_requests: 1 } } }),
  (model) => edited(model, { modalities: { configs: { image: { max_size_bytes: 1, max_images_per_request: 1 } } } }),
];

describe('comparing two models', () => {
  it('loses nothing from a model to itself', () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        expect(compare(model, model)).toEqual({
          missing_capabilities: [],
          constrained_capabilities: [],
          additional_capabilities: [],
          lossiness_report: {
            is_lossy: false,
            lossiness_types: [],
            severity: 'None',
            details: [],
            recommendations: [],
          },
        });
      }),
    );
  });

  it('never finds a switch better when the target can do less', () => {
    fc.assert(
      fc.property(anyModel, anyModel, fc.constantFrom(...takeAway), (source, target, take) => {
        expect(rank(source, take(target))).toBeGreaterThanOrEqual(rank(source, target));
      }),
      { numRuns: 500 },
    );
  });

  it('finds what is missing one way as more the other way', () => {
    fc.assert(
      fc.property(anyModel, anyModel, (a, b) => {
        const [there, back] = [compare(a, b), compare(b, a)];
        expect(there.missing_capabilities).toEqual(back.additional_capabilities);
        expect(back.missing_capabilities).toEqual(there.additional_capabilities);
      }),
    );
  });

  it('says so, with a type and a detail, exactly when something is lost', () => {
    fc.assert(
      fc.property(anyModel, anyModel, (a, b) => {
        const { missing_capabilities, constrained_capabilities, lossiness_report: report } = compare(a, b);
        const lost =
          missing_capabilities.length + constrained_capabilities.filter(({ impact }) => impact !== 'None').length;
        expect(report.details).toHaveLength(lost);
        expect(report.is_lossy).toBe(lost > 0);
        expect(report.severity === 'None').toBe(lost === 0);
        expect(report.lossiness_types.length > 0).toBe(lost > 0);
        expect(report.recommendations).toHaveLength(report.lossiness_types.length);
      }),
    );
  });

  const rich = capabilitiesFrom({
    modalities: { input: ['text', 'image'], configs: { image: { formats: ['image/png', 'image/gif'] } } },
    features: { json_mode: true, json_schema: true },
    parameters: { temperature: { supported: true, min: 0, max: 2, default: 1 } },
    constraints: {
      tokens: { max_context_window: 200_000, max_output_tokens: 64_000 },
      rate_limits: { requests_per_minute: 100 },
      messages: { allow_consecutive_same_role: true },
    },
    extensions: { citations: true },
  });

  test.each<[string, Manifest, string, string, string]>([
    ['pictures', { modalities: { input: ['text'] } }, 'Critical', 'MissingModality', 'modalities.input.image'],
    ['tools', { features: { tool_use: false } }, 'High', 'MissingFeature', 'features.tool_use'],
    ['JSON mode', { features: { json_mode: false } }, 'Medium', 'MissingFeature', 'features.json_mode'],
    [
      'another feature',
      { features: { parallel_tool_use: false } },
      'Medium',
      'MissingFeature',
      'features.parallel_tool_use',
    ],
    ['streaming', { features: { streaming: false } }, 'Low', 'MissingFeature', 'features.streaming'],
    [
      'a parameter',
      { parameters: { top_p: { supported: false } } },
      'Medium',
      'ConstrainedParameter',
      'parameters.top_p',
    ],
    ['the system role', { roles: { system: false } }, 'Medium', 'MissingRole', 'roles.system'],
    ['another role', { roles: { tool: false } }, 'Low', 'MissingRole', 'roles.tool'],
  ])('names what is missing: %s', (_what, less, severity, type, name) => {
    const found = compare(rich, edited(rich, less));
    expect(found.missing_capabilities).toEqual([name]);
    expect(found.lossiness_report).toMatchObject({
      severity,
      lossiness_types: [type],
      details: [`${name} is missing`],
    });
  });

  it('names an extension that is missing', () => {
    const found = compare(rich, { ...rich, extensions: {} });
    expect(found.missing_capabilities).toEqual(['extensions.citations']);
    expect(found.lossiness_report).toMatchObject({ severity: 'Low', lossiness_types: ['MissingExtension'] });
  });

  test.each<[string, Manifest, string, string, object]>([
    [
      'a window half as large',
      { constraints: { tokens: { max_context_window: 100_000 } } },
      'High',
      'TokenLimitExceeded',
      {
        capability: 'constraints.tokens.max_context_window',
        source_value: 200_000,
        target_value: 100_000,
        impact: 'Minor',
      },
    ],
    [
      'a window less than half as large',
      { constraints: { tokens: { max_context_window: 99_999 } } },
      'High',
      'TokenLimitExceeded',
      {
        capability: 'constraints.tokens.max_context_window',
        source_value: 200_000,
        target_value: 99_999,
        impact: 'Major',
      },
    ],
    [
      'less input in the same window',
      { constraints: { tokens: { max_input_tokens: 150_000 } } },
      'High',
      'TokenLimitExceeded',
      {
        capability: 'constraints.tokens.max_input_tokens',
        source_value: 200_000,
        target_value: 150_000,
        impact: 'Minor',
      },
    ],
    [
      'a format',
      { modalities: { configs: { image: { formats: ['image/png'] } } } },
      'High',
      'UnsupportedFormat',
      {
        capability: 'modalities.configs.image.formats',
        source_value: ['image/png', 'image/gif'],
        target_value: ['image/png'],
        impact: 'Minor',
      },
    ],
    [
      'a limit where none was known',
      { modalities: { configs: { image: { max_images_per_request: 5 } } } },
      'Medium',
      'ConstrainedParameter',
      {
        capability: 'modalities.configs.image.max_images_per_request',
        source_value: null,
        target_value: 5,
        impact: 'Minor',
      },
    ],
    [
      'a range',
      { parameters: { temperature: { max: 1 } } },
      'Medium',
      'ConstrainedParameter',
      { capability: 'parameters.temperature.max', source_value: 2, target_value: 1, impact: 'Minor' },
    ],
    [
      'a range without the usual value',
      { parameters: { temperature: { min: 1.5 } } },
      'Medium',
      'ConstrainedParameter',
      { capability: 'parameters.temperature.min', source_value: 0, target_value: 1.5, impact: 'Major' },
    ],
    [
      'parameters that exclude each other',
      { constraints: { mutually_exclusive: [['temperature', 'top_p']] } },
      'Medium',
      'ConstrainedParameter',
      {
        capability: 'constraints.mutually_exclusive',
        source_value: null,
        target_value: ['temperature', 'top_p'],
        impact: 'Minor',
      },
    ],
    [
      'a rate',
      { constraints: { rate_limits: { requests_per_minute: 60 } } },
      'Low',
      'RateLimitReduced',
      {
        capability: 'constraints.rate_limits.requests_per_minute',
        source_value: 100,
        target_value: 60,
        impact: 'Minor',
      },
    ],
  ])('names what there is less of: %s', (_what, less, severity, type, constraint) => {
    const found = compare(rich, edited(rich, less));
    expect(found.missing_capabilities).toEqual([]);
    expect(found.constrained_capabilities).toEqual([constraint]);
    expect(found.lossiness_report).toMatchObject({ severity, lossiness_types: [type], is_lossy: true });
  });

  it('tells what is only different, without calling it a loss', () => {
    const found = compare(
      rich,
      edited(rich, {
        parameters: { temperature: { default: 0.7 } },
        constraints: { messages: { allow_consecutive_same_role: false } },
      }),
    );
    expect(found.constrained_capabilities.map(({ capability, impact }) => [capability, impact])).toEqual([
      ['parameters.temperature.default', 'None'],
      ['constraints.messages.allow_consecutive_same_role', 'None'],
    ]);
    expect(found.lossiness_report.is_lossy).toBe(false);
  });

  it('does not mind parameters that exclude each other where one of them is not used anyway', () => {
    const target = edited(rich, {
      parameters: { top_k: { supported: true } },
      constraints: { mutually_exclusive: [['temperature', 'top_k']] },
    });
    expect(compare(rich, target).lossiness_report.is_lossy).toBe(false);
  });

  it('minds every two of a set of parameters that exclude each other', () => {
    const found = compare(
      rich,
      edited(rich, { constraints: { mutually_exclusive: [['temperature', 'top_p', 'repetition_penalty']] } }),
    );
    expect(rich.parameters.repetition_penalty?.supported ?? false).toBe(false);
    expect(found.constrained_capabilities).toEqual([
      {
        capability: 'constraints.mutually_exclusive',
        source_value: null,
        target_value: ['temperature', 'top_p'],
        impact: 'Minor',
      },
    ]);
  });

  it('minds which schemas a model can be held to, and formats where the first one takes all', () => {
    const held = edited(rich, { features: { json_schema: true } });
    const closed = edited(held, { constraints: { json_schema: 'closed' } });
    expect(compare(held, closed).lossiness_report).toMatchObject({ severity: 'Medium', is_lossy: true });
    expect(compare(closed, held).lossiness_report.is_lossy).toBe(false);
    const sees = edited(rich, { modalities: { configs: { image: { formats: undefined } } } });
    const any = { ...sees, modalities: { ...sees.modalities, configs: {} } };
    const some = edited(any, { modalities: { configs: { image: { formats: ['image/png'] } } } });
    expect(compare(any, some).lossiness_report.lossiness_types).toEqual(['UnsupportedFormat']);
  });

  it('takes the worst of several losses', () => {
    const worse = edited(rich, { features: { streaming: false }, modalities: { input: ['text'] } });
    expect(compare(rich, worse).lossiness_report).toMatchObject({
      severity: 'Critical',
      lossiness_types: ['MissingModality', 'MissingFeature'],
    });
  });
});
