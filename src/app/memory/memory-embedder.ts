import type { Embedder } from '../../core/embedder.ts';
import { openEmbedder, type EmbedderOptions } from '../embedding/open-embedder.ts';

/**
 * The embedder of a configuration, for memory. One that cannot be opened – its key is missing, its name is wrong – fails
 * only when it is asked, and memory then says why and goes by words: what is remembered can always be read.
 */
export const memoryEmbedder = async (options: EmbedderOptions): Promise<{ embedder: Embedder; close(): void }> => {
  try {
    const opened = await openEmbedder(options);
    return { embedder: opened.embedder(), close: () => opened.close() };
  } catch (error) {
    const fail = (): never => {
      throw error;
    };
    const embedder: Embedder = {
      name: options.settings.embedding?.model ?? 'local',
      maxBatch: 1,
      embed: async () => fail(),
    };
    return { embedder, close: () => undefined };
  }
};
