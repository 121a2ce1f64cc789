import { openRedaction } from '../redaction.ts';
import { runCredentials } from '../run-credentials.ts';
import { codePlace, type CommandPlace } from '../search/place.ts';
import { memoryEmbedder } from './memory-embedder.ts';
import { openMemory, verifyAnyMemory, type MemoryOptions, type OpenMemory } from './open-memory.ts';
import { storeOfVectors } from './store-of-vectors.ts';
import type { VerifyReport } from './verify-memory.ts';

export { describeSource } from '../../engine/memory/describe-source.ts';
export { describeScope } from '../../engine/memory/scope.ts';

/** What came of it, and what the user should know. */
export interface Told<T> {
  result: T;
  notices: string[];
}

const withOptions = async <T>(
  command: CommandPlace,
  use: (options: MemoryOptions, notices: string[]) => Promise<T>,
): Promise<Told<T>> => {
  const place = await codePlace(command);
  const { env, root, settings } = place;
  const credentials = await runCredentials(env, settings.secrets, undefined);
  await credentials.reveal();
  const { redact } = openRedaction(env, credentials.values());
  const embedder = await memoryEmbedder(place);
  const notices = [...place.configNotices];
  try {
    const options: MemoryOptions = {
      ...{ env, root, redact, embedder: embedder.embedder },
      ...{ speaker: { by: 'user' }, vectors: storeOfVectors },
    };
    return { result: await use(options, notices), notices };
  } finally {
    embedder.close();
  }
};

/** Opens memory for a command a person gave, does something with it, and closes it. @throws CopilotError exit 3 */
export const withMemory = <T>(command: CommandPlace, use: (memory: OpenMemory) => Promise<T> | T): Promise<Told<T>> =>
  withOptions(command, async (options, notices) => {
    const memory = await openMemory(options);
    try {
      const result = await use(memory);
      notices.push(...memory.notices());
      return result;
    } finally {
      await memory.close();
    }
  });

/** Looks at all that is remembered, also where it can hardly be read. */
export const verifyUserMemory = (command: CommandPlace, signal: AbortSignal): Promise<Told<VerifyReport>> =>
  withOptions(command, (options) => verifyAnyMemory(options, signal));
