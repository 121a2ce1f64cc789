const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const parsed = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** A package.json with the scripts of an earlier one; undefined when they are the same, or one cannot be read. */
export const withScriptsOf = (earlier: string, now: string): string | undefined => {
  const [from, to] = [parsed(earlier), parsed(now)];
  if (!from || !to || JSON.stringify(from.scripts) === JSON.stringify(to.scripts)) return undefined;
  return `${JSON.stringify({ ...to, scripts: from.scripts }, undefined, 2)}\n`;
};
