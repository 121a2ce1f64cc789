import type { CommitDraft } from './compose.ts';
import type { Conventions } from './conventions.ts';
import { unknownNames, withoutUnknown } from './known-names.ts';
import { conventionalProblems } from './lint-message.ts';
import { assembleMessage, cleanSubject } from './message.ts';
import { isCommitType, type CommitType } from './types.ts';

interface Candidate {
  type: string;
  scope: string;
  subject: string;
  body: string;
}

/** What was made of a model's answer. */
export interface Taken {
  draft: CommitDraft;
  /** What the human should know of it, one line each. */
  notices: string[];
}

const candidatesOf = (answer: unknown): Candidate[] => {
  if (typeof answer !== 'object' || answer === null || !('candidates' in answer) || !Array.isArray(answer.candidates))
    return [];
  return answer.candidates.flatMap((one: unknown): Candidate[] => {
    if (typeof one !== 'object' || one === null) return [];
    const { type, scope, subject, body } = one as Partial<Record<keyof Candidate, unknown>>;
    return typeof subject === 'string' && subject.trim() !== ''
      ? [
          {
            type: typeof type === 'string' ? type : '',
            scope: typeof scope === 'string' ? scope : '',
            subject,
            body: typeof body === 'string' ? body : '',
          },
        ]
      : [];
  });
};

/**
 * Messages of a model, held against what was seen: a type that was not offered, a scope nobody uses and names that occur
 * neither in the change nor in the history do not get into a message. What breaks is never the model's to say.
 * @param evidence all that was shown and the texts of the change.
 */
export const takeAnswer = (
  answer: unknown,
  rules: CommitDraft,
  {
    evidence,
    conventions,
    listed,
    fixed,
  }: {
    evidence: string;
    conventions: Conventions;
    listed: readonly string[];
    fixed: { type?: boolean; scope?: boolean; noBody?: boolean };
  },
): Taken => {
  const notices = new Set<string>();
  const { scope: _scope, body: _body, ...bare } = rules;
  const { breaking, footers } = rules;
  const made = candidatesOf(answer).flatMap((one): CommitDraft[] => {
    // Some put the whole header into the subject.
    const subject = one.subject.replace(/^\w+(?:\([^)]*\))?!?: /, '').trim();
    const unknown = unknownNames(subject, evidence);
    if (unknown.length > 0) {
      notices.add(
        `a subject of the model was left out: it names ${unknown.slice(0, 3).join(', ')}, which the change does not have`,
      );
      return [];
    }
    const type: CommitType =
      fixed.type !== true && isCommitType(one.type) && listed.includes(one.type) ? one.type : rules.type;
    const isKnown = one.scope === rules.scope || conventions.scopes.has(one.scope);
    const scope = fixed.scope !== true && isKnown ? one.scope : rules.scope;
    const { text, dropped } = withoutUnknown(fixed.noBody === true ? '' : one.body, evidence);
    if (dropped.length > 0)
      notices.add(
        `sentences of the model were left out: they name ${dropped.slice(0, 3).join(', ')}, which the change does not have`,
      );
    const place = scope === undefined || scope === '' ? undefined : scope;
    const raw = `${type}${place === undefined ? '' : `(${place})`}: ${subject}`;
    const [problem] = conventionalProblems(raw).filter(({ level }) => level === 'error');
    if (problem) notices.add(`a message of the model was mended: ${problem.message}`);
    const message = assembleMessage({ type, scope: place, subject, body: text, breaking, footers });
    return [
      {
        ...bare,
        ...{ message, type, subject: cleanSubject(subject, 100), candidates: [message] },
        ...(place === undefined ? {} : { scope: place }),
        ...(text === '' ? {} : { body: text }),
      },
    ];
  });
  const [best] = made;
  if (!best)
    return {
      draft: rules,
      notices: [...notices, 'nothing of the model’s answer could be used: the message is made by rules'],
    };
  return {
    draft: {
      ...best,
      candidates: [...new Set([...made.map(({ message }) => message), rules.message])],
    },
    notices: [...notices],
  };
};
