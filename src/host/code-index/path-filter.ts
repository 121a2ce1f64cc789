import ignore from 'ignore';
import { matchesPath } from '../../base/glob.ts';

/** Which files of an index count. */
export interface PathChoice {
  /** Files these patterns name, or that lie in a folder they name; every file when empty. */
  paths?: readonly string[];
  /** Never these (gitignore's form). */
  hidden?: readonly string[];
  /** Nor these, seen from the index's root. */
  exclude?: readonly string[];
  /** Only below this folder; '' for all. */
  below?: string;
}

/** As people write them: `./src/`, `/src`, `.`. A leading slash is the searched folder, as in an ignore file. */
const spelled = (pattern: string): string => pattern.replace(/^(?:\.?\/)+/, './').replace(/(?<=[^/.])\/+$/, '');

/** Tells of a path, relative to the index's root, whether it counts. Patterns are seen from `below`, but those of `exclude`. */
export const pathFilter = ({
  paths = [],
  hidden = [],
  exclude = [],
  below = '',
}: PathChoice): ((path: string) => boolean) => {
  const patterns = paths.map(spelled);
  const rules = hidden.length > 0 ? ignore().add([...hidden]) : undefined;
  const outer = exclude.length > 0 ? ignore().add([...exclude]) : undefined;
  const prefix = below === '' ? '' : `${below}/`;
  return (path) => {
    if (!path.startsWith(prefix)) return false;
    const name = path.slice(prefix.length);
    if (
      patterns.length > 0 &&
      !patterns.some((pattern) => pattern === '.' || pattern === './' || matchesPath(pattern, name))
    )
      return false;
    return rules?.ignores(name) !== true && outer?.ignores(path) !== true;
  };
};
