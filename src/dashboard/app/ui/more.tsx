import { Button } from './button.tsx';

/** The end of a list that came in pages. */
export function More({ hasMore, onMore }: { hasMore: boolean; onMore: () => void }) {
  if (!hasMore) return null;
  return (
    <p class="more">
      <Button onClick={onMore}>Show older ones</Button>
    </p>
  );
}
