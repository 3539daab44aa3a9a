import type { RefObject } from 'preact';

type FileInputParts = {
  chosen: (files: readonly File[]) => void;
  id?: string;
  multiple?: boolean;
  input?: RefObject<HTMLInputElement>;
  /** Whether something else opens it, so that nobody comes to it by the Tab key. */
  hidden?: boolean;
};

/** Has radiographs chosen; hears nothing when that is given up. */
export function FileInput({ chosen, input, ...rest }: FileInputParts) {
  return (
    <input
      {...rest}
      ref={input ?? null}
      type="file"
      accept="image/jpeg,image/png,application/dicom,.jpg,.jpeg,.png,.dcm,.dicom"
      onChange={({ currentTarget }) => {
        const files = [...(currentTarget.files ?? [])];
        // The same file may be chosen again.
        currentTarget.value = '';
        if (files.length > 0) chosen(files);
      }}
    />
  );
}
