/** True for a path that is the folder or lies in it; both absolute, without a final slash. */
export const isWithin = (path: string, folder: string): boolean =>
  path === folder || folder === '/' || path.startsWith(`${folder}/`);
