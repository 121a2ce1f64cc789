import { features, parameterNames, type Capabilities } from '../../core/capabilities.ts';
import {
  constraintsBetween,
  lossinessSeverities,
  type ConstrainedCapability,
  type LossinessSeverity,
  type LossinessType,
} from './compare-constraints.ts';

/** What a switch from one model to another loses, with the names of Specado's comparison. */
export interface Comparison {
  missing_capabilities: string[];
  constrained_capabilities: ConstrainedCapability[];
  additional_capabilities: string[];
  lossiness_report: {
    is_lossy: boolean;
    lossiness_types: LossinessType[];
    severity: LossinessSeverity;
    details: string[];
    recommendations: string[];
  };
}

/** A capability a model has or has not, and what it costs to be without. */
interface Ability {
  name: string;
  type: LossinessType;
  severity: LossinessSeverity;
}

const featureSeverity = (feature: string): LossinessSeverity =>
  feature === 'tool_use' ? 'High' : feature === 'streaming' ? 'Low' : 'Medium';

/** Everything a model has that another may lack. */
const abilitiesOf = ({ modalities, features: has, parameters, roles, extensions }: Capabilities): Ability[] => [
  ...(['input', 'output'] as const).flatMap((way) =>
    modalities[way].map((kind): Ability => {
      return { name: `modalities.${way}.${kind}`, type: 'MissingModality', severity: 'Critical' };
    }),
  ),
  ...features
    .filter((feature) => has[feature])
    .map((feature): Ability => {
      return { name: `features.${feature}`, type: 'MissingFeature', severity: featureSeverity(feature) };
    }),
  ...parameterNames
    .filter((name) => parameters[name]?.supported)
    .map((name): Ability => ({ name: `parameters.${name}`, type: 'ConstrainedParameter', severity: 'Medium' })),
  ...(['system', 'tool'] as const)
    .filter((role) => roles[role])
    .map((role): Ability => {
      return { name: `roles.${role}`, type: 'MissingRole', severity: role === 'system' ? 'Medium' : 'Low' };
    }),
  ...Object.keys(extensions).map((name): Ability => {
    return { name: `extensions.${name}`, type: 'MissingExtension', severity: 'Low' };
  }),
];

const advice: Readonly<Record<LossinessType, string>> = {
  MissingModality:
    'Keep what needs that kind of content on the first model; it is left out here, with a note in its place.',
  MissingFeature:
    'What can be emulated is (JSON and tools by prompt); name the need to an agent to rule this model out.',
  ConstrainedParameter: 'Parameters are dropped or brought into bounds: do not rely on them.',
  MissingRole: 'What the role said is moved into a message of another role.',
  TokenLimitExceeded: 'Long conversations are compacted earlier, and long answers end sooner.',
  RateLimitReduced: 'Calls wait when the limit is reached: set rateLimits, or more models in the route.',
  UnsupportedFormat: 'Convert pictures to a format both take.',
  MissingExtension: 'What the extension did is lost.',
};

const word = (value: unknown): string => (value === null ? 'no known limit' : JSON.stringify(value));

const inOrder = Object.keys(advice) as LossinessType[];

/** What somebody loses, and gains, who goes from the source's model to the target's. Prices are not part of it. */
export const compare = (source: Capabilities, target: Capabilities): Comparison => {
  const [has, gets] = [abilitiesOf(source), abilitiesOf(target)];
  const without = (list: readonly Ability[], other: readonly Ability[]): Ability[] => {
    const names = new Set(other.map(({ name }) => name));
    return list.filter(({ name }) => !names.has(name));
  };
  const missing = without(has, gets);
  const constraints = constraintsBetween(source, target);
  const losses = [
    ...missing.map(({ name, type, severity }) => ({ type, severity, detail: `${name} is missing` })),
    ...constraints.flatMap(({ capability, source_value, target_value, type, severity }) =>
      type && severity
        ? [{ type, severity, detail: `${capability}: ${word(source_value)} becomes ${word(target_value)}` }]
        : [],
    ),
  ];
  const types = inOrder.filter((type) => losses.some((loss) => loss.type === type));
  return {
    missing_capabilities: missing.map(({ name }) => name),
    constrained_capabilities: constraints.map(({ capability, source_value, target_value, impact }) => ({
      capability,
      source_value,
      target_value,
      impact,
    })),
    additional_capabilities: without(gets, has).map(({ name }) => name),
    lossiness_report: {
      is_lossy: losses.length > 0,
      lossiness_types: types,
      severity: lossinessSeverities.findLast((one) => losses.some(({ severity }) => severity === one)) ?? 'None',
      details: losses.map(({ detail }) => detail),
      recommendations: types.map((type) => advice[type]),
    },
  };
};
