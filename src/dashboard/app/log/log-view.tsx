import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Shown } from './lines.ts';
import { LogBar } from './log-bar.tsx';
import { LogLineView } from './log-line.tsx';
import { useSightOf } from './use-sight-of.ts';
import { useLog } from './use-log.ts';

/** As the style sheet has it. */
const LINE_PX = 18;
/** Lines above and below the ones in sight, for scrolling. */
const MARGIN = 20;

/** A session's log: only the lines in sight are in the document, however many there are. */
export function LogView({ id }: { id: string }) {
  const { lines, version, state } = useLog(id);
  const shown = useSignal<Shown>('all');
  const follows = useSignal(true);
  const box = useRef<HTMLDivElement>(null);
  const scroll = useSightOf(box);

  // Read, so that what comes is drawn.
  void version.value;
  const all = lines.shown;
  const { top, height } = scroll.value;
  const from = Math.max(0, Math.floor(top / LINE_PX) - MARGIN);
  const to = Math.min(all.length, Math.ceil((top + height) / LINE_PX) + MARGIN);

  const toEnd = () => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  };
  useLayoutEffect(() => {
    if (follows.value) toEnd();
  }, [all.length, follows.value, shown.value]);
  // Lines that are let go above must not move those that somebody reads.
  const seenForgotten = useRef(0);
  useLayoutEffect(() => {
    if (box.current !== null && !follows.value) {
      box.current.scrollTop -= (lines.forgotten - seenForgotten.current) * LINE_PX;
    }
    seenForgotten.current = lines.forgotten;
  }, [lines.forgotten]);
  const onScroll = () => {
    if (box.current === null) return;
    const { scrollTop, clientHeight, scrollHeight } = box.current;
    // Whoever scrolls up wants to read, and at the end wants to see more.
    follows.value = scrollTop + clientHeight >= scrollHeight - LINE_PX;
    scroll.value = { top: scrollTop, height: clientHeight };
  };

  return (
    <section class="log" aria-label="Log">
      <LogBar
        id={id}
        state={state.value}
        shown={shown.value}
        follows={follows.value}
        onShow={(wanted) => {
          lines.show(wanted);
          shown.value = wanted;
        }}
        onFollow={() => (follows.value = !follows.value)}
        onEnd={() => {
          follows.value = true;
          toEnd();
        }}
      />
      {lines.forgotten > 0 && (
        <p class="quiet note">The first {lines.forgotten.toLocaleString()} lines are not kept on this page.</p>
      )}
      <div ref={box} id="log" role="log" aria-live="off" aria-label="Lines" tabIndex={0} onScroll={onScroll}>
        <div class="lines" style={{ height: `${all.length * LINE_PX}px` }}>
          {all.slice(from, to).map((line, index) => (
            <LogLineView key={line.id} line={line} top={(from + index) * LINE_PX} />
          ))}
        </div>
        {all.length === 0 && <p class="quiet empty">{state.value === 'open' ? 'Nothing yet.' : 'Nothing.'}</p>}
      </div>
    </section>
  );
}
