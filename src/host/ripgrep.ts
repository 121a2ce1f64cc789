/** Where the ripgrep program of this platform lies. @throws Error when there is none for it. */
export const ripgrepPath = async (): Promise<string> => (await import('@vscode/ripgrep')).rgPath;
