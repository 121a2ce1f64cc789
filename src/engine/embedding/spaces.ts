/** The vectors of one embedder. */
export interface Space {
  name: string;
  vectors: number;
}

/** Which space answers, and what is to be done. */
export interface ChosenSpace {
  /** Undefined: none can answer, words only. */
  serves: string | undefined;
  /** Vectors are missing in the wanted one. */
  isToFill: boolean;
  /** Spaces nobody needs any longer: the wanted one is whole. */
  toDrop: string[];
}

/**
 * Chooses the space that answers: the wanted one when it is whole; until then whichever holds most of the texts and can
 * still embed a question, so that changing the embedder makes nobody wait.
 * @param total texts that can have a vector
 * @param canAnswer whether the embedder of a space is still at hand
 */
export const chooseSpace = (
  spaces: readonly Space[],
  wanted: string,
  total: number,
  canAnswer: (name: string) => boolean,
): ChosenSpace => {
  const own = spaces.find(({ name }) => name === wanted);
  const isWhole = (own?.vectors ?? 0) >= total;
  if (isWhole)
    return {
      serves: own && own.vectors > 0 ? wanted : undefined,
      isToFill: false,
      toDrop: spaces.filter(({ name }) => name !== wanted).map(({ name }) => name),
    };
  const usable = spaces
    .filter(({ name, vectors }) => vectors > 0 && (name === wanted || canAnswer(name)))
    .sort((a, b) => b.vectors - a.vectors || Number(b.name === wanted) - Number(a.name === wanted));
  return {
    serves: usable[0]?.name,
    isToFill: true,
    toDrop: [],
  };
};
