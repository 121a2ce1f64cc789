// The library's client, with the plugins that ship.
import plugins from '../plugins/index.ts';
import { openClient, type Client, type ClientOptions } from '../src/app/models/client.ts';

export type { Client, ClientOptions } from '../src/app/models/client.ts';
export type * from '../src/app/models/chat-completions.ts';

/** Makes a client of all models the configuration and the environment know; `plugins` come beside those that ship. */
export const createClient = (options: Partial<ClientOptions> = {}): Client =>
  openClient({ ...options, plugins: [...new Set([...plugins, ...(options.plugins ?? [])])] });
