import type { Capabilities, ImageLimits } from '../../../core/capabilities.ts';
import type { Message } from '../../../core/message.ts';
import type { Candidate } from '../../../core/route.ts';
import { callIds, type CallIds } from './call-ids.ts';
import type { Fitted } from './fit-message.ts';

/** What adaptation has to know of a model, worked out once. */
export interface Profile {
  /** `provider/model`, for the user. */
  readonly name: string;
  /** Whose reasoning it takes back; undefined when it takes none. */
  readonly thinkingBy: string | undefined;
  /** Undefined when it takes no pictures. */
  readonly images: ImageLimits | undefined;
  /** Tools are described in the prompt, and calls are read from the text. */
  readonly emulatesTools: boolean;
  readonly callIds: CallIds;
  readonly capabilities: Capabilities;
  /** Messages never change, and a long conversation is sent whole at every turn: each is fitted once. */
  readonly fitted: WeakMap<Message, Fitted>;
  /** First messages with the system prompt in front. */
  readonly fronted: WeakMap<Message, { system: string; message: Message }>;
}

const profiles = new WeakMap<Capabilities, Profile[]>();

const profileFor = ({ name, capabilities }: Candidate): Profile => {
  const { modalities, features, roles, constraints } = capabilities;
  return {
    name,
    thinkingBy: features.thinking ? name.split('/', 1)[0] : undefined,
    images: modalities.input.includes('image') ? (modalities.configs.image ?? {}) : undefined,
    emulatesTools: !features.tool_use || !roles.tool,
    callIds: callIds(constraints.messages.tool_call_id),
    capabilities,
    fitted: new WeakMap(),
    fronted: new WeakMap(),
  };
};

/** The profile of a model: one per manifest object and name, so that what was adapted before is found again. */
export const profileOf = (model: Candidate): Profile => {
  const known = profiles.get(model.capabilities) ?? [];
  let profile = known.find(({ name }) => name === model.name);
  if (!profile) {
    profile = profileFor(model);
    profiles.set(model.capabilities, [...known, profile]);
  }
  return profile;
};
