/** A ref that a push creates or moves. */
export interface PushedRef {
  localRef: string;
  localId: string;
  remoteRef: string;
  /** Undefined for one that the remote does not have yet. */
  remoteId?: string;
}

const nothing = /^0+$/;

/** True for a tag. */
export const isTag = ({ remoteRef }: PushedRef): boolean => remoteRef.startsWith('refs/tags/');

/**
 * What a push sends, from the lines git gives to pre-push (githooks(5), read 2026-11-28); of what is deleted nothing goes
 * out.
 */
export const pushedRefs = (input: string): PushedRef[] =>
  input.split('\n').flatMap((line) => {
    const [localRef = '', localId = '', remoteRef = '', remoteId = ''] = line.trim().split(' ');
    if (remoteId === '' || nothing.test(localId)) return [];
    return [{ localRef, localId, remoteRef, ...(nothing.test(remoteId) ? {} : { remoteId }) }];
  });
