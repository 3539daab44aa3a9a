/** A share of 1 as a bar, with a mark where its threshold is. For the eye alone: the number stands beside it. */
export function Bar({
  share,
  threshold,
  tone,
}: {
  share: number;
  threshold?: number | undefined;
  tone?: string;
}) {
  return (
    <div class={`meter ${tone ?? ''}`} aria-hidden="true">
      <div class="fill" style={{ width: `${share * 100}%` }} />
      {threshold !== undefined && <div class="mark" style={{ left: `${threshold * 100}%` }} />}
    </div>
  );
}
