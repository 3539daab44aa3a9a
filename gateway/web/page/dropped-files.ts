export type Dropped = {
  /** Those within folders too, by their names: radiographs often come as a folder of DICOM files. */
  readonly files: readonly File[];
  /** Names of files and folders that the browser could not open. */
  readonly unread: readonly string[];
};

/** What a drop holds. Never rejects. */
export async function droppedFiles(transfer: DataTransfer): Promise<Dropped> {
  // Asked for at once: the browser forgets the items when the event is over.
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return { files: [...transfer.files], unread: [] };
  const files: File[] = [];
  const unread: string[] = [];
  for (const entry of entries) await collect(entry, files, unread);
  return { files, unread };
}

/** A system's own bookkeeping, and the index that lies beside the pictures on a disc. */
const BOOKKEEPING = /^(\.|thumbs\.db$|dicomdir$|__macosx$)/i;
/** IM2 comes before IM10. */
const { compare } = new Intl.Collator('en', { numeric: true });

async function collect(entry: FileSystemEntry, files: File[], unread: string[]): Promise<void> {
  if (BOOKKEEPING.test(entry.name)) return;
  try {
    if (isFile(entry)) files.push(await new Promise<File>((resolve, reject) => entry.file(resolve, reject)));
    else
      for (const inner of await entriesOf(entry as FileSystemDirectoryEntry))
        await collect(inner, files, unread);
  } catch {
    unread.push(entry.name);
  }
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  // A reader tells some of its entries at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found.sort((one, other) => compare(one.name, other.name));
    found.push(...some);
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
