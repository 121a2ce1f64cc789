import {
  parameterNames,
  type Capabilities,
  type ParameterName,
  type ParameterSupport,
} from '../../core/capabilities.ts';

/** Kinds of loss, as Specado names them. */
export type LossinessType =
  | 'MissingFeature'
  | 'MissingModality'
  | 'ConstrainedParameter'
  | 'MissingRole'
  | 'TokenLimitExceeded'
  | 'RateLimitReduced'
  | 'UnsupportedFormat'
  | 'MissingExtension';

/** How much a switch loses, from the mildest. */
export const lossinessSeverities = ['None', 'Low', 'Medium', 'High', 'Critical'] as const;

/** One of {@link lossinessSeverities}. */
export type LossinessSeverity = (typeof lossinessSeverities)[number];

/** Something both models have, the target less of it. Null stands for no known limit. */
export interface ConstrainedCapability {
  capability: string;
  source_value: unknown;
  target_value: unknown;
  /** `None`: another value, but nothing is lost. `Major`: less than half is left, or the usual value no longer fits. */
  impact: 'None' | 'Minor' | 'Major';
}

/** A constrained capability, with the loss it is; none where the impact is `None`. */
export interface Constraint extends ConstrainedCapability {
  type?: LossinessType;
  severity?: LossinessSeverity;
}

/** An upper limit: what is not known counts as none. */
const lowered = (
  capability: string,
  source: number | undefined,
  target: number | undefined,
  type: LossinessType,
  severity: LossinessSeverity,
): Constraint[] => {
  if (target === undefined || target >= (source ?? Infinity)) return [];
  const impact = target * 2 < (source ?? Infinity) && source !== undefined ? 'Major' : 'Minor';
  return [{ capability, source_value: source ?? null, target_value: target, impact, type, severity }];
};

const narrowed = (name: string, source: ParameterSupport, target: ParameterSupport): Constraint[] => {
  const usual = source.default;
  const bound = (end: 'min' | 'max'): Constraint[] => {
    const [from, to] = [source[end], target[end]];
    if (to === undefined) return [];
    const isTighter = end === 'max' ? to < (from ?? Infinity) : to > (from ?? -Infinity);
    if (!isTighter) return [];
    const isUsualLost = usual !== undefined && (end === 'max' ? usual > to : usual < to);
    return [
      {
        capability: `parameters.${name}.${end}`,
        source_value: from ?? null,
        target_value: to,
        impact: isUsualLost ? 'Major' : 'Minor',
        type: 'ConstrainedParameter',
        severity: 'Medium',
      },
    ];
  };
  const another: Constraint[] =
    usual !== undefined && target.default !== undefined && usual !== target.default
      ? [
          {
            capability: `parameters.${name}.default`,
            source_value: usual,
            target_value: target.default,
            impact: 'None',
          },
        ]
      : [];
  return [...bound('min'), ...bound('max'), ...another];
};

const imageConstraints = (source: Capabilities, target: Capabilities): Constraint[] => {
  if (![source, target].every(({ modalities }) => modalities.input.includes('image'))) return [];
  const { image: from = {} } = source.modalities.configs;
  const { image: to = {} } = target.modalities.configs;
  // What is not known counts as all.
  const formats = to.formats && (from.formats ?? ['any']).filter((format) => !to.formats?.includes(format));
  const path = 'modalities.configs.image';
  return [
    ...(formats && formats.length > 0
      ? [
          {
            capability: `${path}.formats`,
            source_value: from.formats ?? null,
            target_value: to.formats,
            impact: formats.length === from.formats?.length ? 'Major' : 'Minor',
            type: 'UnsupportedFormat',
            severity: 'High',
          } satisfies Constraint,
        ]
      : []),
    ...(['max_size_bytes', 'max_images_per_request', 'max_width', 'max_height'] as const).flatMap((limit) =>
      lowered(`${path}.${limit}`, from[limit], to[limit], 'ConstrainedParameter', 'Medium'),
    ),
  ];
};

/** Where the target has less of what both models have. */
export const constraintsBetween = (source: Capabilities, target: Capabilities): Constraint[] => {
  const [from, to] = [source.constraints, target.constraints];
  const isMet = (one: ParameterName, other: ParameterName): boolean =>
    from.mutually_exclusive.some((set) => set.includes(one) && set.includes(other));
  // Of a set every two exclude each other, also where a third is not taken.
  const excluded = to.mutually_exclusive
    .map((set) => set.filter((name) => source.parameters[name]?.supported && target.parameters[name]?.supported))
    .filter((set) => set.some((one, index) => set.slice(index + 1).some((other) => !isMet(one, other))));
  const { max_input_tokens: mostFrom, max_context_window: wholeFrom } = from.tokens;
  const { max_input_tokens: mostTo, max_context_window: wholeTo } = to.tokens;
  return [
    ...lowered('constraints.tokens.max_context_window', wholeFrom, wholeTo, 'TokenLimitExceeded', 'High'),
    ...(mostTo === undefined
      ? []
      : lowered('constraints.tokens.max_input_tokens', mostFrom ?? wholeFrom, mostTo, 'TokenLimitExceeded', 'High')),
    ...lowered(
      'constraints.tokens.max_output_tokens',
      from.tokens.max_output_tokens,
      to.tokens.max_output_tokens,
      'TokenLimitExceeded',
      'High',
    ),
    ...imageConstraints(source, target),
    ...parameterNames.flatMap((name) => {
      const [a, b] = [source.parameters[name], target.parameters[name]];
      return a?.supported && b?.supported ? narrowed(name, a, b) : [];
    }),
    ...excluded.map((set): Constraint => {
      return {
        capability: 'constraints.mutually_exclusive',
        source_value: null,
        target_value: set,
        impact: 'Minor',
        type: 'ConstrainedParameter',
        severity: 'Medium',
      };
    }),
    ...(['requests_per_minute', 'requests_per_day', 'tokens_per_minute', 'max_concurrent_requests'] as const).flatMap(
      (limit) =>
        lowered(
          `constraints.rate_limits.${limit}`,
          from.rate_limits[limit],
          to.rate_limits[limit],
          'RateLimitReduced',
          'Low',
        ),
    ),
    ...(source.features.json_schema &&
    target.features.json_schema &&
    from.json_schema !== 'closed' &&
    to.json_schema === 'closed'
      ? [
          {
            capability: 'constraints.json_schema',
            source_value: 'any',
            target_value: 'closed',
            impact: 'Minor',
            type: 'MissingFeature',
            severity: 'Medium',
          } satisfies Constraint,
        ]
      : []),
    ...(from.messages.allow_consecutive_same_role && !to.messages.allow_consecutive_same_role
      ? [
          {
            capability: 'constraints.messages.allow_consecutive_same_role',
            source_value: true,
            target_value: false,
            impact: 'None',
          } satisfies Constraint,
        ]
      : []),
  ];
};
