import type { Syntax } from '../../core/syntax.ts';
import type { Proof } from '../patterns/proof.ts';
import { changedFiles, textNow, textsAt } from './changed-files.ts';
import { listed, proven } from './trying.ts';

const prose =
  /^(?!(?:.*\/)?(?:(?:[\w-]*requirements|constraints)[\w.-]*|CMakeLists|robots|runtime)\.txt$).*\.(?:md|rst|txt|adoc)$/i;
const said = 'only comments and documents were changed';

/** Only comments, docstrings and documents may differ: the code is compared without them. */
export const docsOnly = (syntax: Syntax): Proof => ({
  async *after(_work, context) {
    yield* [];
    const changed = await changedFiles(context);
    if (!changed) return { claims: [], notes: [], problems: [] };
    const files = changed.present.filter((path) => !prose.test(path));
    const before = await textsAt(context, changed.from, files);
    const touched = changed.deleted.filter((path) => !prose.test(path));
    const unknown: string[] = [];
    for (const path of files) {
      const old = before.get(path);
      const was = old === undefined ? undefined : await syntax.code(path, old);
      const is = await syntax.code(path, await textNow(context, path));
      if (old === undefined || (was !== undefined && is !== was)) touched.push(path);
      else if (was === undefined) unknown.push(path);
    }
    if (touched.length > 0)
      return proven(
        ...(['docs_only', 'contradicted', said, `Code was changed too: ${listed(touched)}.`] as const),
        `Only comments and documents were to change, but code is different in ${listed(touched, 10)}. Put the code back as it was.`,
      );
    if (unknown.length > 0)
      return proven('docs_only', 'unverified', said, `No parser here can compare ${listed(unknown)} without comments.`);
    return proven(
      'docs_only',
      'verified',
      said,
      `Without comments ${listed(changed.present)} ${changed.present.length === 1 ? 'is' : 'are'} what it was.`,
    );
  },
});
