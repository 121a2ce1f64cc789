/** A piece of a call's arguments as text. Some servers send the object itself. */
export const argumentText = (piece: unknown): string =>
  typeof piece === 'string' ? piece : piece === undefined || piece === null ? '' : JSON.stringify(piece);

/** Arguments of a call as the model wrote them: parsed, or the raw text when they are not valid JSON. */
export const parseArguments = (text: string): unknown => {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

/** A call's input as JSON text. Servers read an object from it, so anything else the model wrote is wrapped in one. */
export const argumentsOf = (input: unknown): string => {
  if (typeof input === 'string') return JSON.stringify({ invalid_json: input });
  return JSON.stringify(
    typeof input === 'object' && input !== null && !Array.isArray(input) ? input : { value: input },
  );
};

/** The API has no field for a failed result, so its text says it. */
export const resultText = (text: string, isError: boolean): string => (isError ? `Error: ${text}` : text);

/** A picture as the API takes it. */
export const dataUrl = (image: { mediaType: string; base64: string }): string =>
  `data:${image.mediaType};base64,${image.base64}`;
