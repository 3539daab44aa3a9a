import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { droppedFiles } from './dropped-files.ts';
import { given } from './given.ts';
import { useSession } from './session.ts';

const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

/** Takes files that are dropped anywhere on the page. */
export function FileDrop({ children }: { children: ComponentChildren }) {
  const { sender } = useSession();
  const [over, setOver] = useState(false);
  const [unread, setUnread] = useState<readonly string[]>([]);
  useEffect(() => {
    const drag = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      if (!event.dataTransfer || !carriesFiles(event)) return;
      // Else the browser leaves the page to show the file.
      event.preventDefault();
      setOver(false);
      void droppedFiles(event.dataTransfer).then((dropped) => {
        setUnread(dropped.unread);
        sender.add(dropped.files, given.get());
      });
    };
    addEventListener('dragover', drag);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', drag);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, [sender]);
  return (
    <>
      {unread.length > 0 && (
        <p class="strip" role="alert">
          The browser could not open {unread.join(', ')}.
        </p>
      )}
      {children}
      {over && <div class="drop-anywhere">Drop the radiographs to send them</div>}
    </>
  );
}
