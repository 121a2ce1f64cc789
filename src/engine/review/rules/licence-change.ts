import type { Detected } from '../../../core/finding.ts';
import type { ReviewRule } from '../rule.ts';
import { nameOf } from './code-language.ts';
import { detected, evidenceOf } from './detected.ts';
import { manifestKind, readManifest } from './manifest.ts';

const licenceFile = /^(?:licen[cs]e|copying|unlicense)(?:[-._][\w-]+)?(?:\.(?:md|txt|rst))?$/i;

/** How a licence's text begins, or what only it says; the first that fits names it. */
const texts: readonly [RegExp, string][] = [
  [/GNU AFFERO GENERAL PUBLIC LICENSE/i, 'AGPL'],
  [/GNU LESSER GENERAL PUBLIC LICENSE/i, 'LGPL'],
  [/GNU GENERAL PUBLIC LICENSE/i, 'GPL'],
  [/Mozilla Public License/i, 'MPL'],
  [/Server Side Public License/i, 'SSPL'],
  [/Business Source License/i, 'BUSL'],
  [/Elastic License/i, 'Elastic'],
  [/Eclipse Public License/i, 'EPL'],
  [/Apache License/i, 'Apache-2.0'],
  [/Permission to use, copy, modify, and(?:\/or)? distribute this software/i, 'ISC'],
  [/Permission is hereby granted, free of charge/i, 'MIT'],
  [/Redistribution and use in source and binary forms/i, 'BSD'],
  [/This is free and unencumbered software/i, 'Unlicense'],
  [/All rights reserved\.?\s*$|proprietary/im, 'proprietary'],
];

const kindOf = (text: string): string | undefined => texts.find(([pattern]) => pattern.test(text))?.[1];

const copyleft =
  /\b(?:A?GPL|AGPL-|GPL-|SSPL|BUSL|BSL-1\.1|EUPL|OSL|CC-BY-(?:NC|SA)|Elastic|Commons-Clause|RPL|CPAL|Sleepycat)/i;
const weakCopyleft = /\b(?:LGPL|MPL|EPL|CDDL|CPL)/i;
const unknown = /^(?:unlicensed|none|unknown|see licen[cs]e in .*|proprietary|commercial)$/i;

/** What the project, or what it needs, may be used for. */
export const licenceChange: ReviewRule = {
  name: 'licence-change',
  severity: 'high',
  claim: 'The licence of the project changed, or a package came in whose licence asks for more or is not known.',
  cost: 'text',
  *look({ files, diff }): Generator<Detected> {
    for (const file of files) {
      if (file.place === 'fixture' || file.place === 'test' || file.place === 'example') continue;
      const { before, after, path } = file;
      if (licenceFile.test(nameOf(path)) && before !== undefined && file.language === undefined) {
        const [was, is] = [kindOf(before), after === undefined ? undefined : kindOf(after)];
        if (file.diff.status === 'deleted') {
          const isMoved = files.some((one) => one.diff.status === 'added' && licenceFile.test(nameOf(one.path)));
          if (!isMoved && !path.includes('/'))
            yield detected(this, path, undefined, {
              message: `${path} went: without it nobody may use the project.`,
              evidence: was ?? path,
              side: 'old',
            });
        } else if (was !== is && (was !== undefined || is !== undefined))
          yield detected(this, path, file.added[0], {
            message: `The licence changed from ${was ?? 'one that is not known'} to ${is ?? 'one that is not known'}.`,
            suggestion: { text: 'Everybody whose code is in it has to agree; name the change in the changelog.' },
          });
      }
      if (manifestKind(path) === undefined || before === undefined || after === undefined) continue;
      const [was, is] = [readManifest(file.diff.oldPath ?? path, before)?.licence, readManifest(path, after)?.licence];
      if (was === is || was === undefined || /^(?:fixture|test|example)$/.test(file.place)) continue;
      const same = (text: string | undefined): string => (text ?? '').toLowerCase().replace(/[^a-z0-9]|license/g, '');
      if (same(was) === same(is)) continue;
      if (is === undefined && /license[-_]?(?:file|expression)|classifiers/i.test(after)) continue;
      yield detected(
        this,
        path,
        file.added.find((line) => /licen[cs]e/i.test(line.text)),
        {
          message: `The licence field changed from ${was} to ${is ?? 'nothing'}.`,
          suggestion: { text: 'Make sure that the licence file says the same.' },
        },
      );
    }
    for (const file of diff.files) {
      if (file.made !== 'lockfile' || file.status === 'added') continue;
      const lines = file.hunks.flatMap((hunk) => hunk.lines);
      const gone = new Set(lines.filter((line) => line.kind !== 'added').map((line) => line.text.trim()));
      for (const line of lines) {
        const licence =
          line.kind === 'added' ? /^\s*"licen[cs]e"\s*:\s*\[?\s*"([^"]+)"/.exec(line.text)?.[1] : undefined;
        if (licence === undefined || gone.has(line.text.trim())) continue;
        // One of several may be chosen.
        if (
          /\bOR\b/i.test(licence) &&
          licence
            .split(/\bOR\b/i)
            .some((one) => !copyleft.test(one) && !weakCopyleft.test(one) && !unknown.test(one.trim()))
        )
          continue;
        const isStrong = (copyleft.test(licence) && !/^\(?LGPL/i.test(licence)) || unknown.test(licence);
        if (!isStrong && !weakCopyleft.test(licence)) continue;
        yield detected(
          this,
          file.path,
          { line: line.newLine ?? 0, text: line.text },
          {
            severity: isStrong ? 'high' : 'low',
            message: `A package came in under ${licence}, ${unknown.test(licence) ? 'which gives no right to use it' : 'which asks more of who passes it on than permissive licences do'}.`,
            evidence: evidenceOf(line.text),
            suggestion: { text: 'Make sure that the project may use it, or take another one.' },
          },
        );
      }
    }
  },
};
