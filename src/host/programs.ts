/** Runs a program to its end and gives its standard output. For rare, cold paths: the library loads when first used. */
export const runProgram = async (
  file: string,
  args: readonly string[],
  options: { cwd?: string; timeoutMs?: number; env?: Readonly<Record<string, string>> } = {},
): Promise<string> => {
  const { execa } = await import('execa');
  const { stdout } = await execa(file, args, {
    stdin: 'ignore',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
  });
  return stdout;
};
