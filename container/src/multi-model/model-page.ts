/**
 * The answer of `GET /models` (AWS docs mms-container-apis), page by page. A token is the last name of the page before, so
 * that models which come and go in between neither repeat nor hide others.
 */
export interface ModelEntry {
  readonly modelName: string;
  readonly modelUrl: string;
}

export interface ModelPage {
  readonly models: readonly ModelEntry[];
  /** Absent on the last page. */
  readonly nextPageToken?: string;
}

/** @param after the token of the page before; undefined for the first */
export function pageOf(entries: readonly ModelEntry[], after: string | undefined, size: number): ModelPage {
  const left = entries.filter(({ modelName }) => after === undefined || modelName > after);
  const models = left.sort((a, b) => (a.modelName < b.modelName ? -1 : 1)).slice(0, size);
  return { models, ...(models.length < left.length && { nextPageToken: models.at(-1)!.modelName }) };
}
