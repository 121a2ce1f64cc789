// What `models compare` says of two models, and what a request loses on its way from one to the other.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  capabilitiesFrom,
  type Capabilities,
  type Feature,
  type Manifest,
  type ParameterName,
} from '../../../../src/core/capabilities.ts';
import type { Request } from '../../../../src/core/provider.ts';
import { adapt } from '../../../../src/engine/models/adapt/adapt.ts';
import { compare } from '../../../../src/engine/models/compare.ts';
import { answered, call, png, readTool, request, result, results, said } from './world.ts';

const maybe = <T>(...values: readonly T[]): fc.Arbitrary<T | undefined> => fc.constantFrom(...values, undefined);
const parameter = fc.record({
  supported: fc.constantFrom(true, true, false),
  min: maybe(0, -2),
  max: maybe(1, 2),
});
const parameterNames: ParameterName[] = ['temperature', 'top_p', 'top_k'];
const featureNames: Feature[] = [
  ...(['tool_use', 'parallel_tool_use', 'json_mode', 'json_schema', 'thinking'] as const),
  ...(['seed_support', 'stop_sequences'] as const),
];

const manifests: fc.Arbitrary<Capabilities> = fc
  .record({
    on: fc.subarray(featureNames),
    images: fc.boolean(),
    formats: maybe(['image/png'], ['image/png', 'image/gif'], []),
    max_images_per_request: maybe(1, 3),
    max_size_bytes: maybe(1000, 1e6),
    system: fc.boolean(),
    tool: fc.boolean(),
    parameters: fc.tuple(parameter, parameter, parameter),
    exclusive: maybe([['temperature', 'top_p']] as const, [['temperature', 'top_p', 'top_k']] as const),
    most: fc.constantFrom(10, 1000),
    json_schema: maybe('any' as const, 'closed' as const),
  })
  .map((some) =>
    capabilitiesFrom({
      features: Object.fromEntries(featureNames.map((name) => [name, some.on.includes(name)])),
      modalities: {
        input: some.images ? ['text', 'image'] : ['text'],
        configs: {
          image: {
            formats: some.formats,
            max_images_per_request: some.max_images_per_request,
            max_size_bytes: some.max_size_bytes,
          },
        },
      },
      roles: { system: some.system, tool: some.tool },
      parameters: Object.fromEntries(parameterNames.map((name, index) => [name, some.parameters[index]])),
      constraints: {
        tokens: { max_output_tokens: some.most },
        mutually_exclusive: some.exclusive ?? [],
        json_schema: some.json_schema,
      },
    }),
  );

const gif = { type: 'image', mediaType: 'image/gif', base64: 'AAAA' } as const;
const requests: fc.Arbitrary<Request> = fc
  .record({
    pictures: fc.subarray([png, gif, gif, png]),
    output: maybe(
      { type: 'json' } as const,
      { type: 'json_schema', name: 'a', schema: { type: 'object' } } as const,
      {
        type: 'json_schema',
        name: 'b',
        schema: { type: 'object', properties: {}, additionalProperties: false },
      } as const,
    ),
    parameters: fc.dictionary(fc.constantFrom(...parameterNames), fc.constantFrom(-3, 0, 0.5, 1, 1.5, 5)),
    seed: maybe(1),
    stop: maybe(['x']),
    parallelTools: maybe(true, false),
    tools: fc.constantFrom([], [readTool]),
    maxOutputTokens: fc.constantFrom(5, 500, 5000),
  })
  .map(({ pictures, ...more }) => {
    const known = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
    const messages = [
      said('hi'),
      answered(call('c1'), call('c2')),
      results(result('c1', 'done', pictures), result('c2')),
    ];
    return request({ ...(known as Partial<Request>), messages });
  });

describe('a switch between two models', () => {
  it('that compare calls lossless loses nothing of what the first one takes', () => {
    let lossless = 0;
    fc.assert(
      fc.property(manifests, manifests, requests, (a, b, of) => {
        // A model that can do all the first can, and now and then any.
        for (const target of [b, a, capabilitiesFrom(a, { prices: [] })]) {
          if (compare(a, target).lossiness_report.is_lossy) continue;
          lossless++;
          const taken = adapt(of, { name: 'p/a', capabilities: a }).request;
          const { losses } = adapt(taken, { name: 'p/b', capabilities: target });
          expect(losses.filter(({ severity }) => severity !== 'info')).toEqual([]);
        }
      }),
      { numRuns: 3000 },
    );
    expect(lossless).toBeGreaterThan(6000);
  });

  it('loses something only where compare says so, for every single difference', () => {
    fc.assert(
      fc.property(manifests, manifests, requests, fc.nat(), (a, b, of, which) => {
        // Of the second one only one part, so that what is lossless comes up often.
        const parts: Manifest[] = [
          { features: b.features },
          { modalities: b.modalities },
          { roles: b.roles },
          { parameters: b.parameters },
          { constraints: { mutually_exclusive: b.constraints.mutually_exclusive } },
          { constraints: { tokens: b.constraints.tokens } },
          { constraints: { json_schema: b.constraints.json_schema } },
        ];
        const target = capabilitiesFrom(a, parts[which % parts.length]);
        const taken = adapt(of, { name: 'p/a', capabilities: a }).request;
        const { losses } = adapt(taken, { name: 'p/b', capabilities: target });
        const isLossy = losses.some(({ severity }) => severity !== 'info');
        if (isLossy) expect(compare(a, target).lossiness_report.is_lossy, JSON.stringify(losses)).toBe(true);
      }),
      { numRuns: 10_000 },
    );
  });
});
