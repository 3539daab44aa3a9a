export type ResultOrder = {
  readonly radiographId: string;
  /** What the heatmap subgraph says of the picture that is to be stored too. */
  readonly heatmap: string | null;
  /** Who wants it. */
  readonly actor: string;
};

/** A DICOM object that the PACS holds. */
export type PacsObject = {
  readonly sopClassUID: string;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
};

export type StoredResult = { readonly report: PacsObject; readonly heatmap: PacsObject | null };

/** Writes what the model says of an imported radiograph into its study in the PACS. Doing it again writes nothing new: the
 *  objects have the same UIDs.
 *  @throws RadiographError NOT_FOUND, BAD_USER_INPUT for a radiograph that was not imported or is not classified, and for
 *  a heatmap that is not its own; OVERLOADED or DEADLINE_EXCEEDED when the PACS does not answer */
export type ResultStore = (order: ResultOrder, signal: AbortSignal) => Promise<StoredResult>;
