// What of the API is used here, as in https://ai.google.dev/api/generate-content (read 2026-11-27). Nothing that comes in is
// taken to have this form before it was looked at.

/** A piece of content. Exactly one of its kinds is there; `thoughtSignature` goes with any of them. */
export interface Part {
  text?: string;
  /** The text is a summary of thoughts. */
  thought?: boolean;
  inlineData?: { mimeType: string; data: string };
  functionCall?: { id?: string; name: string; args?: unknown };
  functionResponse?: { id?: string; name: string; response: object };
  thoughtSignature?: string;
}

/** A turn. */
export interface Content {
  role: 'user' | 'model';
  parts: Part[];
}

/** The body of `models.streamGenerateContent`. */
export interface Body {
  contents: Content[];
  systemInstruction?: { parts: Part[] };
  tools?: { functionDeclarations: { name: string; description: string; parametersJsonSchema: object }[] }[];
  generationConfig: {
    maxOutputTokens: number;
    temperature?: number;
    topP?: number;
    topK?: number;
    frequencyPenalty?: number;
    presencePenalty?: number;
    stopSequences?: readonly string[];
    seed?: number;
    responseMimeType?: string;
    responseJsonSchema?: object;
    thinkingConfig?: { includeThoughts: boolean };
  };
}

/** Counts so far; `promptTokenCount` holds the cached tokens too, `candidatesTokenCount` not the thoughts. */
export interface UsageMetadata {
  promptTokenCount?: number;
  cachedContentTokenCount?: number;
  candidatesTokenCount?: number;
  thoughtsTokenCount?: number;
  toolUsePromptTokenCount?: number;
}

/** One event of an answer. */
export interface Chunk {
  candidates?: { content?: { parts?: Part[] }; finishReason?: string; finishMessage?: string }[];
  promptFeedback?: { blockReason?: string };
  usageMetadata?: UsageMetadata;
}
