const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
};

/** A rule by what it says, without its reason. */
const keyOf = (value: unknown): string =>
  isMapping(value)
    ? Object.entries(value)
        .slice(0, 1)
        .map(([key, one]) => `${key}: ${shown(one)}`)
        .join('')
    : shown(value);

/** What is written otherwise than proposed, one line each; keys nobody proposes are none. */
export const differences = (there: unknown, proposed: unknown, path = ''): string[] => {
  if (isMapping(proposed)) {
    const found = isMapping(there) ? there : {};
    return Object.entries(proposed).flatMap(([key, value]) =>
      differences(found[key], value, path === '' ? key : `${path}.${key}`),
    );
  }
  if (Array.isArray(proposed)) {
    const have = new Set((Array.isArray(there) ? there : []).map(keyOf));
    return proposed.filter((one) => !have.has(keyOf(one))).map((one) => `${path} does not have ${keyOf(one)}`);
  }
  if (JSON.stringify(there) === JSON.stringify(proposed)) return [];
  return [
    there === undefined
      ? `${path} is not set; it would be ${shown(proposed)}`
      : `${path} is ${shown(there)}; it would be ${shown(proposed)}`,
  ];
};
