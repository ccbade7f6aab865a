/** The state of a session or a token in its colour, and in words for whoever sees none. */
export function Badge({ state }: { state: string }) {
  return (
    <span class="badge" data-state={state}>
      {state.replaceAll('_', ' ')}
    </span>
  );
}
