/** Splits `--- key: value --- body`. Values are single lines; that is all our own formats need. */
export const frontMatter = (source: string): { fields: Map<string, string>; body: string } => {
  const parts = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(source);
  const [, head = '', body = source] = parts ?? [];
  const fields = new Map(
    head.split(/\r?\n/).flatMap((line): [string, string][] => {
      const [, key, value = ''] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
      return key === undefined ? [] : [[key, value.trim()]];
    }),
  );
  return { fields, body: body.trim() };
};
